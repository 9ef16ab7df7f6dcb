package journal

import (
	"bytes"
	"fmt"
	"io"

	"github.com/codex-cred/codex-cred/helper"
)

// A Journal is open for one rotation, whose process holds the lock. It is not safe for concurrent
// use. The order of calls is Mark with intent, Mark with sending, Answer.
//
// After an error it is unknown whether the write survives a power loss.
type Journal struct {
	id   helper.ID
	path string
	seal seal
	file file
	end  int64 // of the file

	mark     Mark   // last written; zero if none
	block    []byte // holds the mark; nil if the journal is empty
	begun    bool   // there may be an answer, or a part of one
	answered bool   // there is an answer
}

// file is the part of [safefile.InPlace] that a Journal uses.
type file interface {
	readerWriterAt
	Sync() error
	SyncData() error
	Close() error
}

// A readerWriterAt reads and writes at offsets.
type readerWriterAt interface {
	io.ReaderAt
	io.WriterAt
}

// Mark replaces the mark and syncs it to disk. ErrInvalid: it belongs to another sign-in or is
// malformed, or there is an answer, which would be lost. ErrConflict: another process has written
// to the file, so two processes hold the lock.
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

// Answer seals the server's answer and syncs it to disk. Call it before the answer is examined. It
// may be repeated after an error. ErrInvalid: the mark is not sending, or there is an answer.
// ErrTooLarge: the answer has more than 8 MiB. It does not retain b.
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

// Empty erases the content of the journal, even if its file has been moved since it was opened, and
// syncs that to disk.
func (j *Journal) Empty() error {
	if err := j.wipe(); err != nil {
		return err
	}
	j.mark, j.block, j.begun, j.answered = Mark{}, nil, false, false
	return nil
}

// Withdraw is Empty for a rotation that has sent nothing. ErrConflict: another process has written
// to the file, which stays as it is.
func (j *Journal) Withdraw() error {
	if err := j.checkUnchanged(); err != nil {
		return err
	}
	return j.Empty()
}

// Close closes the file and keeps its content.
func (j *Journal) Close() error { return j.file.Close() }

// wipe fills the file with written zeros instead of a hole. It erases the mark first: a sending
// mark beside a half-erased answer would look as if no answer had come.
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
