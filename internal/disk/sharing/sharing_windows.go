package sharing

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// Open opens the path with the access rights of CreateFile: a link itself instead of its target,
// and directories too. Other processes may read, write, replace and delete the file meanwhile.
func Open(path string, access uint32) (f *os.File, err error) {
	name, err := windows.UTF16PtrFromString(Long(path))
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	const (
		share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
		flags = windows.FILE_FLAG_OPEN_REPARSE_POINT | windows.FILE_FLAG_BACKUP_SEMANTICS
	)
	err = retryInUse(pause, func() error {
		handle, err := windows.CreateFile(name, access, share, nil, windows.OPEN_EXISTING, flags, 0)
		if err == nil {
			f = os.NewFile(uintptr(handle), path)
		}
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return f, nil
}

// Rename gives the file another name and replaces an existing file. If the file system supports it
// (POSIX semantics), processes that have that file open keep it.
func Rename(from, to string) error {
	dir := filepath.Dir(from)
	if dir != filepath.Dir(to) {
		return retryInUse(pause, func() error { return os.Rename(from, to) })
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	err = retryInUse(pause, func() error { return root.Rename(filepath.Base(from), filepath.Base(to)) })
	return errors.Join(err, root.Close())
}

// Remove deletes the file. Its name is free at once, even while other processes have the file open:
// Remove renames it first, unless it is a temporary file. An interruption in between leaves
// ".FILE.NUMBER.tmp".
func Remove(path string) error {
	if !strings.HasSuffix(path, tempSuffix) {
		dir, file := filepath.Split(path)
		n := rand.Uint64() //nolint:gosec // unique, not secret
		aside := filepath.Join(dir, "."+file+"."+strconv.FormatUint(n, 10)+tempSuffix)
		if err := Rename(path, aside); err != nil {
			return err
		}
		path = aside
	}
	return retryInUse(pause, func() error { return os.Remove(path) })
}

const tempSuffix = ".tmp"

const (
	firstPause = time.Millisecond
	longPause  = 50 * time.Millisecond
	retryTime  = 3 * time.Second // in total
)

func pause(d time.Duration) { <-time.After(d) }

// retryInUse repeats a call that fails because another process has the file open. An access list
// without rights looks the same, and costs the whole retryTime.
func retryInUse(wait func(time.Duration), call func() error) error {
	err := call()
	for waited, next := time.Duration(0), firstPause; isInUse(err) && waited < retryTime; next = min(2*next, longPause) {
		wait(next)
		waited += next
		err = call()
	}
	return err
}

func isInUse(err error) bool {
	for _, code := range []error{
		windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_ACCESS_DENIED,
		windows.ERROR_DELETE_PENDING, windows.ERROR_USER_MAPPED_FILE,
	} {
		if errors.Is(err, code) {
			return true
		}
	}
	return false
}

// Long returns the path in the form that may have more than 260 characters, for which it must be
// absolute.
func Long(path string) string {
	const short = 240 // a directory leaves 12 for a file's name
	switch {
	case len(path) < short || strings.HasPrefix(path, `\\?\`) || !filepath.IsAbs(path):
		return path
	case strings.HasPrefix(path, `\\`):
		return `\\?\UNC` + filepath.Clean(path)[1:]
	}
	return `\\?\` + filepath.Clean(path)
}
