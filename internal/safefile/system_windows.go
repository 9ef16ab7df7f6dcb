package safefile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// Owners are not compared: files have no uid, and what an administrator makes
// in a person's profile that person can still read and delete.

func uid() int { return noOwner }

func euid() int { return noOwner }

func lstat(path string) (node, error) { return nodeOf(os.Lstat(path)) }

func stat(path string) (node, error) { return nodeOf(os.Stat(path)) }

func nodeOf(info os.FileInfo, err error) (node, error) {
	if err != nil {
		return node{}, err
	}
	return node{mode: info.Mode(), uid: noOwner, size: info.Size()}, nil
}

func readFile(path string, limit int64) ([]byte, error) {
	n, err := lstat(path)
	if err != nil {
		return nil, fault("read", path, err)
	}
	if err := n.checkFile(path); err != nil {
		return nil, err
	}
	var f *os.File
	if err := whileShared(func() (err error) {
		f, err = os.Open(path) //nolint:gosec // a file of ours
		return err
	}); err != nil {
		return nil, fault("read", path, err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fault("read", path, err)
	}
	if int64(len(content)) > limit {
		return nil, tooLong(path, limit)
	}
	return content, nil
}

func openFile(path string, flags int) (f *os.File, err error) {
	n, err := lstat(path)
	if err != nil {
		return nil, fault("open", path, err)
	}
	if err := n.checkFile(path); err != nil {
		return nil, err
	}
	err = whileShared(func() (err error) {
		f, err = os.OpenFile(path, flags, 0) //nolint:gosec // a file of ours
		return err
	})
	return f, fault("open", path, err)
}

func chmod(*os.File) error { return nil }

// tighten has nothing to do: files have no modes.
func tighten(string, fs.FileMode, fs.FileMode) error { return nil }

func rename(from, to string) error {
	return whileShared(func() error { return os.Rename(from, to) })
}

func remove(path string) error {
	return whileShared(func() error { return os.Remove(path) })
}

const (
	sharedTries = 100
	sharedPause = 20 * time.Millisecond
)

// whileShared calls again, for two seconds, what fails because another process
// has the file open at this moment: files that are open cannot be replaced, and
// files that are being replaced cannot be opened.
func whileShared(call func() error) error {
	err := call()
	for tries := 1; tries < sharedTries && isShared(err); tries++ {
		<-time.After(sharedPause)
		err = call()
	}
	return err
}

func isShared(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION) ||
		errors.Is(err, windows.ERROR_ACCESS_DENIED)
}

// syncDir does nothing: Windows keeps no handle to sync a directory by, and
// NTFS journals the rename.
func syncDir(string) error { return nil }

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
