// Package filelock provides locks between processes. Start with [New]; a package that locks its own
// files uses [Acquire].
//
// The locks are those of the kernel, on empty files. A lock ends with its process however it exits,
// is never taken over, and is not inherited by child processes, because the descriptors are closed
// on exec. A lock file is never read, written or replaced, and deleted only when what it protects
// no longer exists.
//
// The waiting and the deletion are our own code: lock libraries poll, which is slow with many
// callers and follows no order, and they do not notice that the file at the path was deleted
// meanwhile. On Unix the system call itself comes from a library.
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

// SignIn begins the name of a lock that belongs to the name of an account instead of a sign-in.
const SignIn = "signin-"

// Keychain is the lock for calls of the keychain, on systems where concurrent calls disturb each
// other.
const Keychain = "keychain"

// Locks are the locks under one root. The methods are safe for concurrent use; a lock also excludes
// the goroutines of its own process.
type Locks struct {
	dir safefile.Dir
}

var _ helper.Locker = (*Locks)(nil)

// New returns the locks under root, which is absolute. It does not touch the disk.
func New(root string) *Locks {
	return &Locks{dir: safefile.Dir{Root: root, Name: dirName}}
}

// RequireRoot returns the same locks for what belongs to a sign-in: they never create the root, but
// return ErrNotFound without it.
func (l *Locks) RequireRoot() *Locks {
	rooted := *l
	rooted.dir.Makes = safefile.MakesDir
	return &rooted
}

// Path returns the path of the lock's file.
func (l *Locks) Path(name string) string { return l.dir.Path(fileOf(name)) }

// Folder returns the directory of the locks.
func (l *Locks) Folder() string { return l.dir.Path("") }

// Files returns the paths of all files in the folder.
func (l *Locks) Files() ([]string, error) { return l.dir.Files() }

// Lock implements [helper.Locker]. A name is that of an item, [SignIn] followed by the name of an
// account, or [Keychain].
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

// Remove deletes the file of a lock, or returns ErrNotFound. Only the holder calls it, as the last
// step under the lock and when what it protects no longer exists: afterwards the lock excludes no
// new callers. Callers that wait for it find, once they hold it, that the file is no longer at its
// path, and start over.
func (l *Locks) Remove(name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	return l.dir.Remove(fileOf(name))
}

// Acquire waits for the lock on the file until ctx is done, as [Locks.Lock] does.
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

// wait takes the lock with try, or with block until ctx is done. It waits in the kernel: many
// polling callers would keep the computer busy, and would not be served in order.
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
			// The caller no longer waits: unlock when the lock arrives.
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

// isCurrent reports whether the locked file is still the one at its path. The lock of a deleted
// file excludes no one.
func isCurrent(f *kernelLock) bool {
	locked, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Path())
	return err == nil && os.SameFile(locked, there)
}

// mustReopen reports whether the file was deleted before it was opened, or a signal interrupted the
// wait.
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
