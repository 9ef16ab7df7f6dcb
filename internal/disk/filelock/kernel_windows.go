package filelock

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"

	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

// A kernelLock is the lock of one handle, with the methods of flock.Flock. flock.Flock opens files
// without sharing deletion, and a lock file is deleted while other processes wait for it.
type kernelLock struct {
	path string
	f    *os.File // nil unless the lock is held
}

// open opens an existing file: only safefile creates files.
func open(dir safefile.Dir, file string) *kernelLock { return &kernelLock{path: dir.Path(file)} }

// Lock waits for the exclusive lock.
func (k *kernelLock) Lock() error { return k.take(windows.LOCKFILE_EXCLUSIVE_LOCK) }

// RLock waits for the shared lock.
func (k *kernelLock) RLock() error { return k.take(0) }

// TryLock takes the exclusive lock if it is free.
func (k *kernelLock) TryLock() (bool, error) { return k.try(windows.LOCKFILE_EXCLUSIVE_LOCK) }

// TryRLock takes the shared lock if there is no exclusive holder.
func (k *kernelLock) TryRLock() (bool, error) { return k.try(0) }

func (k *kernelLock) try(flags uint32) (bool, error) {
	err := k.take(flags | windows.LOCKFILE_FAIL_IMMEDIATELY)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}

func (k *kernelLock) take(flags uint32) error {
	f, err := sharing.Open(k.path, windows.GENERIC_READ|windows.GENERIC_WRITE)
	if err != nil {
		return err
	}
	if err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{}); err != nil {
		return errors.Join(err, f.Close())
	}
	k.f = f
	return nil
}

// Unlock releases the lock.
func (k *kernelLock) Unlock() error {
	if k.f == nil {
		return nil
	}
	err := windows.UnlockFileEx(windows.Handle(k.f.Fd()), 0, 1, 0, &windows.Overlapped{})
	err = errors.Join(err, k.f.Close())
	k.f = nil
	return err
}

// Stat describes the locked file.
func (k *kernelLock) Stat() (fs.FileInfo, error) { return k.f.Stat() }

// Path returns the path under which the file was opened.
func (k *kernelLock) Path() string { return k.path }
