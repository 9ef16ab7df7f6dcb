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
	// preallocated is the size of a new file in bytes. An answer is about 5 KiB; one that does not
	// fit may fail on a full disk.
	preallocated = blockSize + 64<<10
	// maxSize is the largest file in bytes.
	maxSize = blockSize + prefixSize + sealSize + maxAnswer
	// maxReads is how often a mark that keeps changing is read.
	maxReads = 100
)

// Dir is the set of journals under one root. Its methods are safe for concurrent use, from several
// processes too; Open and Remove require the lock of the sign-in's rotation.
//
// Errors are those of [safefile.Dir], and ErrInvalid for a malformed id, key or mark.
type Dir struct{ dir safefile.Dir }

// New returns the journals under root, which is absolute. It does not touch the disk.
func New(root string) *Dir {
	return &Dir{dir: safefile.Dir{Root: root, Name: dirName}}
}

// RequireRoot returns the same journals, which never create the root: without it Open returns
// ErrNotFound.
func (d *Dir) RequireRoot() *Dir {
	rooted := *d
	rooted.dir.Makes = safefile.MakesDir
	return &rooted
}

// Path returns the path of the sign-in's journal.
func (d *Dir) Path(id helper.ID) string { return d.dir.Path(string(id)) }

// Folder returns the directory of the journals.
func (d *Dir) Folder() string { return d.dir.Path("") }

// KeptPath returns the path of an answer of the sign-in that could not be used.
func (d *Dir) KeptPath(id helper.ID) string { return d.dir.Path(keptFile(id)) }

func keptFile(id helper.ID) string { return string(id) + ".kept" }

// Files returns the paths of all files in the folder.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// Remove deletes the journal, even if it cannot be read. ErrNotFound: it does not exist.
func (d *Dir) Remove(id helper.ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	return d.dir.Remove(string(id))
}

// Keep moves the journal aside, so that the next rotation starts a new one. It replaces an earlier
// kept journal. ErrNotFound: there is no journal.
func (d *Dir) Keep(id helper.ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	return d.dir.Rename(string(id), keptFile(id))
}

// IsKept reports whether a journal of the sign-in was moved aside.
func (d *Dir) IsKept(id helper.ID) bool {
	return id.Check() == nil && d.dir.CheckFile(keptFile(id)) == nil
}

// ReadKept is Read of the journal that Keep moved aside.
func (d *Dir) ReadKept(id helper.ID, key []byte) (Entry, error) {
	return d.read(id, keptFile(id), key)
}

// RemoveKept is Remove of the journal that Keep moved aside.
func (d *Dir) RemoveKept(id helper.ID) error {
	if err := id.Check(); err != nil {
		return err
	}
	return d.dir.Remove(keptFile(id))
}

// An Entry is the record of an interrupted rotation.
type Entry struct {
	Mark
	// Sealed reports whether there is an answer, or bytes in its place that cannot be opened.
	Sealed bool
	// Answer is the answer of the server, or nil if there is none, it is incomplete or the key does
	// not open it. The caller owns it. Only a mark in the state sending has one.
	Answer []byte
}

// Read returns the record of the last rotation. ErrNotFound: the journal does not exist or is
// empty. ErrCorrupt: its mark is malformed; with ErrNewer, a newer codex-cred wrote it. ErrBusy:
// other processes keep writing it. Read creates nothing. The key has [KeySize] bytes; with a nil
// key no answer is opened.
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

// readStable reads a file that another process may be writing: a malformed mark may be half
// written, so it counts only if it does not change.
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

// read decodes the content. Missing bytes of the mark's block count as zeros, so a truncated mark
// is not an empty journal.
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

// Open prepares the journal for one rotation: empty, with space for an answer of 64 KiB, and synced
// to disk. Whatever can fail fails here.
//
// The caller first reads, handles and removes the record of a rotation that sent something, and a
// malformed one: Open keeps it and returns ErrConflict or ErrCorrupt; with ErrNewer, a newer
// codex-cred wrote it. The key has [KeySize] bytes and is not retained. The caller calls Close.
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

// checkReplaceable returns the size of the file, or an error if its content must be kept.
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
		// The caller read nothing there; a directory that was absent may have come back.
		return 0, pathError("open", path, fmt.Errorf("it holds what an earlier refresh left: %w", helper.ErrConflict))
	case err == nil, errors.Is(err, helper.ErrNotFound):
		return size, nil
	}
	return 0, pathError("open", path, err)
}

// pathError adds the action and the path to an error without a path.
func pathError(doing, path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}
