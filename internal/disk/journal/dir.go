package journal

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const (
	dirName = "journal"
	// preallocated bytes of the file: an answer is some 5 KiB. A longer one
	// than fits may fail for want of space.
	preallocated = blockSize + 64<<10
	// maxSize of the file in bytes.
	maxSize = blockSize + prefixSize + sealSize + maxAnswer
	// maxReads bounds how often a mark is read that changes all the time.
	maxReads = 100
)

// Dir is the journals under one root. Methods may be called concurrently, from
// several processes too; Open and Remove only under the lock of the sign-in's
// rotation.
//
// Errors are those of [safefile.Dir], and ErrInvalid for an id, a key or a mark
// that breaks its rules.
type Dir struct{ dir safefile.Dir }

// New returns the journals under root, which is absolute. It touches nothing.
func New(root string) *Dir {
	return &Dir{dir: safefile.Dir{Root: root, Name: dirName}}
}

// RequireRoot returns the same journals, which never make the root: where it is absent,
// Open returns ErrNotFound.
func (d *Dir) RequireRoot() *Dir {
	rooted := *d
	rooted.dir.Makes = safefile.MakesDir
	return &rooted
}

// Path returns where the journal of the sign-in is.
func (d *Dir) Path(id helper.ID) string { return d.dir.Path(string(id)) }

// Folder returns where the journals are.
func (d *Dir) Folder() string { return d.dir.Path("") }

// KeptPath returns where an answer of the sign-in is that could not be used.
func (d *Dir) KeptPath(id helper.ID) string { return d.dir.Path(keptFile(id)) }

func keptFile(id helper.ID) string { return string(id) + ".kept" }

// Files returns the path of everything in the folder.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// Remove deletes the journal, also one that cannot be read. ErrNotFound: it was
// absent.
func (d *Dir) Remove(id helper.ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	return d.dir.Remove(string(id))
}

// Keep puts the journal aside, in the place of one that was put aside before, so
// that the next rotation has another. ErrNotFound: it was absent.
func (d *Dir) Keep(id helper.ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	return d.dir.Rename(string(id), keptFile(id))
}

// IsKept reports whether a journal of the sign-in was put aside.
func (d *Dir) IsKept(id helper.ID) bool {
	return id.Check() == nil && d.dir.CheckFile(keptFile(id)) == nil
}

// ReadKept is Read of what Keep put aside.
func (d *Dir) ReadKept(id helper.ID, key []byte) (Entry, error) {
	return d.read(id, keptFile(id), key)
}

// RemoveKept is Remove of what Keep put aside.
func (d *Dir) RemoveKept(id helper.ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	return d.dir.Remove(keptFile(id))
}

// An Entry is what a rotation left.
type Entry struct {
	Mark
	// Sealed: there is an answer, or something in its place that does not open.
	Sealed bool
	// Answer is nil if there is none, or none that is whole and that the key
	// opens. The caller owns it. Only a mark in state sending has one.
	Answer []byte
}

// Read returns what a rotation left. ErrNotFound: there is no journal, or it is
// empty. ErrCorrupt: its mark does not parse; with ErrNewer, it was written by
// a newer codex-cred. ErrBusy: others write it all the time. It creates nothing.
// The key has [KeySize] bytes; without one, nil, no answer is opened.
func (d *Dir) Read(id helper.ID, key []byte) (Entry, error) {
	return d.read(id, string(id), key)
}

func (d *Dir) read(id helper.ID, file string, key []byte) (Entry, error) {
	if err := id.Check(); err != nil {
		return Entry{}, err
	}
	s, err := newSeal(key)
	if err != nil {
		return Entry{}, err
	}
	load := func() ([]byte, error) { return d.dir.Read(file, int64(maxSize)) }
	parse := func(content []byte) (Entry, error) {
		e, err := read(content, id, s)
		return e, pathError("read", d.dir.Path(file), err)
	}
	return readStable(load, parse)
}

// readStable returns what is in a file that another process may write: a mark that
// does not parse may be half written at this moment, so it counts when it stays.
func readStable(load func() ([]byte, error), parse func([]byte) (Entry, error)) (Entry, error) {
	var before []byte
	for range maxReads {
		content, err := load()
		if err != nil {
			return Entry{}, err
		}
		e, err := parse(content)
		if !errors.Is(err, helper.ErrCorrupt) || bytes.Equal(content, before) {
			return e, err
		}
		before = content
	}
	return Entry{}, fmt.Errorf("read a journal: it changes all the time: %w", helper.ErrBusy)
}

// read returns what is in the file. What is missing of the mark's block counts
// as zeros, so a mark that was cut off is not taken for an empty journal.
func read(content []byte, id helper.ID, s seal) (Entry, error) {
	size := min(blockSize, len(content))
	m, err := decode(content[:size], id)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Mark: m}
	if m.State == StateSending {
		e.Answer = s.open(m, content[size:])
		e.Sealed = len(bytes.Trim(content[size:], "\x00")) > 0
	}
	return e, nil
}

// Open makes the journal ready for one rotation: empty, with the space for an
// answer of 64 KiB, and safe from a loss of power. What can fail fails here.
//
// What a rotation left that sent something, and what does not parse, is for the
// caller to read, deal with and Remove first: Open keeps it and returns
// ErrConflict or ErrCorrupt; with ErrNewer, a newer codex-cred wrote it. The key has 32 bytes and is not kept. The caller calls Close.
func (d *Dir) Open(id helper.ID, key []byte) (*Journal, error) {
	if err := id.Check(); err != nil {
		return nil, err
	}
	if key == nil {
		return nil, fmt.Errorf("a journal without a key is %w", helper.ErrInvalid)
	}
	s, err := newSeal(key)
	if err != nil {
		return nil, err
	}
	f, err := d.dir.Open(string(id))
	if err != nil {
		return nil, err
	}
	j := &Journal{id: id, path: d.Path(id), seal: s, file: f}
	j.end, err = checkReplaceable(f, j.path, id)
	if err == nil {
		err = j.wipe()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// checkReplaceable returns the size of a file, unless it holds what is to be kept.
func checkReplaceable(f *safefile.InPlace, path string, id helper.ID) (int64, error) {
	size, err := f.Size()
	if err != nil {
		return 0, err
	}
	if size > int64(maxSize) {
		return 0, fmt.Errorf("open %s: the journal is %w: it has more than %d bytes", path, helper.ErrCorrupt, maxSize)
	}
	block := make([]byte, blockSize)
	n, err := f.ReadAt(block, 0)
	if err != nil {
		return 0, err
	}
	m, err := decode(block[:n], id)
	switch {
	case err == nil && m.State != StateIntent:
		// Whoever read it found nothing, and files that are away come back.
		return 0, pathError("open", path, fmt.Errorf("it holds what an earlier refresh left: %w", helper.ErrConflict))
	case err == nil, errors.Is(err, helper.ErrNotFound):
		return size, nil
	}
	return 0, pathError("open", path, err)
}

// pathError says of an error that has no path what was being done to which file.
func pathError(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}
