// Package filelock gives locks between processes. Start with [New]; a package
// that guards files of its own uses [Acquire].
//
// The locks are the kernel's, on files that hold nothing. They end with the
// process, however it ends, are never stolen, and are not inherited by
// children, for the descriptors are closed on exec. A file that is a lock is
// never read, written or replaced, and only deleted when what it guards is gone.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const dirName = "locks"

// SignIn is what the name of a lock begins with that belongs to an account's
// name and not to one of its sign-ins.
const SignIn = "signin-"

// Keychain is the name of the lock of who calls the keychain, where callers at
// once disturb each other.
const Keychain = "keychain"

// Locks are the locks under one root. Methods may be called concurrently; a
// lock excludes the goroutines of this process too.
type Locks struct {
	dir safefile.Dir
}

var _ helper.Locker = (*Locks)(nil)

// New returns the locks under root, which is absolute. It touches nothing.
func New(root string) *Locks {
	return &Locks{dir: safefile.Dir{Root: root, Name: dirName}}
}

// RequireRoot returns the same locks for what belongs to a sign-in: where the root is
// absent they are ErrNotFound, and it is not made.
func (l *Locks) RequireRoot() *Locks {
	rooted := *l
	rooted.dir.Makes = safefile.MakesDir
	return &rooted
}

// Path returns where the lock of the name is.
func (l *Locks) Path(name string) string { return l.dir.Path(fileOf(name)) }

// Folder returns where the locks are.
func (l *Locks) Folder() string { return l.dir.Path("") }

// Files returns the path of everything in the folder.
func (l *Locks) Files() ([]string, error) { return l.dir.Files() }

// Lock implements [helper.Locker]. Names are those of items, [SignIn] followed by
// an account's name, and [Keychain].
func (l *Locks) Lock(ctx context.Context, name string) (unlock func() error, err error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	f, err := acquire(ctx, l.dir, fileOf(name))
	if err != nil {
		return nil, err
	}
	return func() error { return release(f) }, nil
}

// Remove deletes the file of a lock, or returns ErrNotFound. Only the holder
// calls it, when what the lock guards is gone, as the last thing it does under it: from
// then on the lock keeps out nobody who comes anew. Those who wait for it find,
// when they get it, that the file is no longer at its path, and start over.
func (l *Locks) Remove(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return l.dir.Remove(fileOf(name))
}

// Acquire waits for the lock on the file until ctx ends, as [Locks.Lock] does.
func Acquire(ctx context.Context, dir safefile.Dir, file string) (unlock func() error, err error) {
	f, err := acquire(ctx, dir, file)
	if err != nil {
		return nil, err
	}
	return func() error { return release(f) }, nil
}

func acquire(ctx context.Context, dir safefile.Dir, file string) (*kernelLock, error) {
	for {
		if ctx.Err() != nil {
			return nil, busyError(ctx, dir.Path(file))
		}
		if err := dir.Create(file); err != nil {
			return nil, err
		}
		f := open(dir, file)
		err := wait(ctx, f, f.TryLock, f.Lock)
		if err == nil && isCurrent(f) {
			return f, nil
		}
		if err == nil {
			err = release(f)
		}
		if err != nil && !mustReopen(err) {
			return nil, err
		}
	}
}

// wait takes the lock with try or, until ctx ends, with block. It waits in the
// kernel: many callers that poll would keep the machine busy and go in no order.
func wait(ctx context.Context, f *kernelLock, try func() (bool, error), block func() error) error {
	if locked, err := try(); locked || err != nil {
		return wrapError(f, err)
	}
	done := make(chan error)
	go func() {
		err := block()
		select {
		case done <- err:
		case <-ctx.Done():
			// Nobody waits any longer: a lock that comes late is given back.
			_ = f.Unlock()
		}
	}()
	select {
	case err := <-done:
		return wrapError(f, err)
	case <-ctx.Done():
		return busyError(ctx, f.Path())
	}
}

// isCurrent reports whether the locked file is still the one at its path. One
// that was deleted meanwhile keeps nobody out.
func isCurrent(f *kernelLock) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Path())
	return err == nil && os.SameFile(locked, there)
}

// mustReopen reports whether the file was deleted before it was opened, or the
// wait was interrupted by a signal.
func mustReopen(err error) bool {
	return errors.Is(err, helper.ErrNotFound) || errors.Is(err, syscall.EINTR)
}

func release(f *kernelLock) error { return wrapError(f, f.Unlock()) }

func busyError(ctx context.Context, path string) error {
	return fmt.Errorf("lock %s: %w: %w", path, helper.ErrBusy, ctx.Err())
}

func wrapError(f *kernelLock, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("lock %s: %w", f.Path(), helper.ErrNotFound)
	}
	return fmt.Errorf("lock %s: %w: %w", f.Path(), helper.ErrUnavailable, err)
}

func checkName(name string) error {
	if account, ok := strings.CutPrefix(name, SignIn); ok {
		return helper.CheckName(account)
	}
	if name == Keychain {
		return nil
	}
	return helper.CheckItemName(name)
}

func fileOf(name string) string { return strings.ReplaceAll(name, "/", ".") + ".lock" }
