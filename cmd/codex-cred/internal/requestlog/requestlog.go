// Package requestlog keeps what requests were made, for a person who asked for
// it: when, by which command, for which account, where to, and what came of it.
// Start with [New] and [Log.Record].
//
// Nothing in it is a secret. Bodies, which are kept only on demand, have every
// value replaced that is not known to be harmless.
//
// A log is lines of JSON in files that only their owner reads. Processes may
// write it at the same time: a line is one write. When a file has a mebibyte it
// gets a number, and three of those are kept.
package requestlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const (
	dirName  = "logs"
	lockFile = ".lock"
	maxSize  = 1 << 20
	// kept is how many full files there are beside the one that is written.
	kept = 3
	// lockWait bounds how long a process waits for another that gives the files
	// their numbers, which takes milliseconds.
	lockWait = time.Second
)

// A Log is the files under one root. Methods may be called concurrently, from
// several processes too.
type Log struct{ dir safefile.Dir }

// New returns the log under root, which is absolute. It touches nothing.
func New(root string) *Log { return &Log{safefile.Dir{Root: root, Name: dirName}} }

// Rooted returns the same log, which does not make its root: where that is absent
// nothing is written.
func (l *Log) Rooted() *Log {
	rooted := *l
	rooted.dir.Makes = safefile.MakesDir
	return &rooted
}

// Root returns the directory that the log's folder is in.
func (l *Log) Root() string { return l.dir.Root }

// Folder returns where the files are.
func (l *Log) Folder() string { return l.dir.Path("") }

// Path returns where the file is that is written.
func (l *Log) Path() string { return l.dir.Path(fileOf(0)) }

// LockPath returns where the lock is that orders who numbers the files.
func (l *Log) LockPath() string { return l.dir.Path(lockFile) }

// Files returns the path of everything in the folder.
func (l *Log) Files() ([]string, error) { return l.dir.Files() }

// fileOf returns the name of the file that is written, or of an older one.
func fileOf(age int) string {
	if age == 0 {
		return "requests.jsonl"
	}
	return fmt.Sprintf("requests.%d.jsonl", age)
}

// write appends the line, which ends with a newline.
func (l *Log) write(line []byte) error {
	if err := safefile.CheckRoot(l.dir.Root); err != nil {
		return err
	}
	size, err := l.dir.Append(fileOf(0), line)
	if err != nil || size < maxSize {
		return err
	}
	return l.rotate()
}

// rotate gives every file the next number. Of several processes that find the
// file full one does so; the others find another file in its place.
func (l *Log) rotate() error {
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	unlock, err := filelock.Acquire(ctx, l.dir, lockFile)
	if err != nil {
		return err
	}
	return errors.Join(l.number(), unlock())
}

func (l *Log) number() error {
	size, err := l.dir.Append(fileOf(0), nil)
	if err != nil || size < maxSize {
		return err
	}
	if err := l.dir.Remove(fileOf(kept)); err != nil && !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	for age := kept; age > 0; age-- {
		if err := l.dir.Rename(fileOf(age-1), fileOf(age)); err != nil && !errors.Is(err, helper.ErrNotFound) {
			return err
		}
	}
	return nil
}
