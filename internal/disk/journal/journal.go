package journal

import (
	"bytes"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper"
)

// A Journal is open for one rotation, whose process holds the lock. It belongs
// to one goroutine. The order is Mark with intent, Mark with sending, Answer.
//
// After an error it is unknown whether the write will survive a loss of power.
type Journal struct {
	id   helper.ID
	path string
	seal seal
	file file
	end  int64 // of the file

	mark     Mark   // the last one that was written; zero if none
	block    []byte // the block that holds it; nil if it is empty
	begun    bool   // there may be an answer, or a part of one
	answered bool   // there is an answer
}

// file is what a Journal needs of a [safefile.InPlace].
type file interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	SyncData() error
	Close() error
}

// Mark replaces the mark and makes it last. ErrInvalid: it is of another
// sign-in, breaks the rules of a mark, or there is an answer, which would be
// lost. ErrConflict: another process wrote to the file since, so there are two
// that hold the lock.
func (j *Journal) Mark(m Mark) error {
	if j.begun {
		return j.invalidError("mark", "it holds an answer")
	}
	block, err := encode(m, j.id)
	if err != nil {
		return pathError("mark", j.path, err)
	}
	if err := j.checkUnchanged(); err != nil {
		return err
	}
	j.block = block
	if err := j.write(block, 0); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.mark = m
	return nil
}

// checkUnchanged returns an error if the block of the mark is not what was written last.
func (j *Journal) checkUnchanged() error {
	found := make([]byte, blockSize)
	if _, err := j.file.ReadAt(found, 0); err != nil {
		return err
	}
	want := j.block
	if want == nil {
		want = make([]byte, blockSize)
	}
	if !bytes.Equal(found, want) {
		return pathError("mark", j.path, fmt.Errorf("another process has written to it: %w", helper.ErrConflict))
	}
	return nil
}

// Answer seals what the server answered and makes it last: before anything of
// it is looked at. It may be repeated after an error. ErrInvalid: the mark is
// not sending, or there is an answer. ErrTooLarge: it has more than 8 MiB. It keeps nothing of b.
func (j *Journal) Answer(b []byte) error {
	switch {
	case j.mark.State != StateSending:
		return j.invalidError("write the answer to", "nothing was sent")
	case j.answered:
		return j.invalidError("write the answer to", "it holds an answer")
	case len(b) > maxAnswer:
		return fmt.Errorf("write the answer to %s: it is %w: it has %d bytes", j.path, helper.ErrTooLarge, len(b))
	}
	j.begun = true
	if err := j.write(j.seal.close(j.mark, b), blockSize); err != nil {
		return err
	}
	if err := j.file.SyncData(); err != nil {
		return err
	}
	j.answered = true
	return nil
}

// Empty takes back all that the journal holds, wherever its file has been moved to
// since it was opened, and makes that last.
func (j *Journal) Empty() error {
	if err := j.wipe(); err != nil {
		return err
	}
	j.mark, j.block, j.begun, j.answered = Mark{}, nil, false, false
	return nil
}

// Withdraw is Empty for a rotation that has sent nothing. ErrConflict: another process
// wrote to the file since; it stays as it is.
func (j *Journal) Withdraw() error {
	if err := j.checkUnchanged(); err != nil {
		return err
	}
	return j.Empty()
}

// Close closes the file. What it holds stays.
func (j *Journal) Close() error { return j.file.Close() }

// wipe fills the file with zeros, as real bytes and not as a hole. The mark
// goes first: a sending mark whose answer is half gone would look as if the
// answer had never come.
func (j *Journal) wipe() error {
	if err := j.write(make([]byte, blockSize), 0); err != nil {
		return err
	}
	if err := j.file.SyncData(); err != nil {
		return err
	}
	if err := j.write(make([]byte, max(j.end, preallocated)-blockSize), blockSize); err != nil {
		return err
	}
	return j.file.Sync()
}

func (j *Journal) write(b []byte, offset int64) error {
	n, err := j.file.WriteAt(b, offset)
	j.end = max(j.end, offset+int64(n))
	return err
}

func (j *Journal) invalidError(doing, why string) error {
	return fmt.Errorf("%s %s: %w: %s", doing, j.path, helper.ErrInvalid, why)
}
