// Package requestlog is an opt-in log of HTTP requests: for each the time, the
// command, the account, the host and the outcome. Start with [New] and
// [Log.Record].
//
// The log holds no secrets. Bodies are logged only on demand, with every value
// replaced that is not known to be harmless.
//
// A log is lines of JSON in files that only their owner can read. Several
// processes may write it at the same time: a line is one write. A file that
// reaches one mebibyte gets a number, and three of those are kept.
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
	// kept is the number of full files beside the current one.
	kept = 3
	// lockWait bounds how long a process waits for another that is rotating the
	// files, which takes milliseconds.
	lockWait = time.Second
)

// A Log is the log files under one root. Methods may be called concurrently,
// also from several processes.
type Log struct{ dir safefile.Dir }

// New returns the log under root, which is absolute. It opens nothing.
func New(root string) *Log { return &Log{safefile.Dir{Root: root, Name: dirName}} }

// Rooted returns the same log, but one that does not create its root. If the
// root does not exist, nothing is written.
func (l *Log) Rooted() *Log {
	rooted := *l
	rooted.dir.Makes = safefile.MakesDir
	return &rooted
}

// Root returns the directory that contains the log's folder.
func (l *Log) Root() string { return l.dir.Root }

// Folder returns the folder that contains the files.
func (l *Log) Folder() string { return l.dir.Path("") }

// Path returns the path of the current file.
func (l *Log) Path() string { return l.dir.Path(fileOf(0)) }

// LockPath returns the path of the lock for rotating the files.
func (l *Log) LockPath() string { return l.dir.Path(lockFile) }

// Files returns the paths of all files in the folder.
func (l *Log) Files() ([]string, error) { return l.dir.Files() }

// fileOf returns the name of the current file, whose age is 0, or of an older
// one.
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

// rotate gives every file the next number. If several processes find the file
// full, one of them rotates; the others then find a new file.
func (l *Log) rotate() error {
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	unlock, err := filelock.Acquire(ctx, l.dir, lockFile)
	if err != nil {
		return err
	}
	return errors.Join(l.number(), unlock())
}

// number renames the files, unless another process has just done so.
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
