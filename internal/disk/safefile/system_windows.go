package safefile

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"

	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

// Files have no uid: their access list admits other users.

func uid() int { return noOwner }

func euid() int { return noOwner }

func lstat(path string) (node, error) {
	f, err := sharing.Open(path, windows.READ_CONTROL|windows.FILE_READ_ATTRIBUTES)
	if err != nil {
		return node{}, err
	}
	defer func() { _ = f.Close() }()
	return nodeOf(f)
}

func stat(path string) (node, error) {
	info, err := os.Stat(path)
	if err != nil {
		return node{}, err
	}
	return node{mode: info.Mode(), uid: noOwner, size: info.Size()}, nil
}

// nodeOf also reads the access list, except of a link, which is refused anyway.
func nodeOf(f *os.File) (node, error) {
	info, err := f.Stat()
	if err != nil {
		return node{}, err
	}
	n := node{mode: info.Mode(), uid: noOwner, size: info.Size()}
	if n.mode.Type() == 0 || n.mode.IsDir() {
		n.others, err = foreignAccess(f)
	}
	return n, err
}

func readFile(path string, limit int64) ([]byte, error) {
	f, err := openChecked("read", path, windows.GENERIC_READ)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, wrapError("read", path, err)
	}
	if int64(len(content)) > limit {
		return nil, tooLong(path, limit)
	}
	return content, nil
}

// openFile opens an existing file for overwriting or, with [os.O_APPEND], for appending.
func openFile(path string, flags int) (*os.File, error) {
	access := uint32(windows.GENERIC_READ | windows.GENERIC_WRITE)
	if flags&os.O_APPEND != 0 {
		access = windows.GENERIC_READ | windows.FILE_APPEND_DATA
	}
	return openChecked("open", path, access)
}

// openChecked checks the opened file instead of the path.
func openChecked(doing, path string, access uint32) (*os.File, error) {
	f, err := sharing.Open(path, access)
	if err != nil {
		return nil, wrapError(doing, path, err)
	}
	n, err := nodeOf(f)
	err = wrapError(doing, path, err)
	if err == nil {
		err = n.checkFile(path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// appendTo writes under a lock on a byte beyond every file: only some file systems append
// atomically.
func appendTo(f *os.File, text []byte) error {
	beyond := &windows.Overlapped{OffsetHigh: 1 << 30}
	if err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, beyond); err != nil {
		return err
	}
	_, err := f.Write(text)
	return errors.Join(err, windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, beyond))
}

func chmod(f *os.File) error { return setAccessList(f) }

// tighten does nothing: files have no modes.
func tighten(string, fs.FileMode, fs.FileMode) error { return nil }

// syncDir does nothing: Windows has no handle to sync a directory, and NTFS journals the rename.
func syncDir(string) error { return nil }

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}
