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

// Open opens what is at the path, with the access rights of CreateFile: a link
// itself, not what it leads to, and directories too. Others may go on to read,
// write, replace and delete it.
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

// Rename gives the file another name, in the place of a file that has it. Where
// the file system can, those who have that one open keep it (POSIX semantics).
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

// Remove deletes the file. Its name is free at once, even if the file itself
// lasts until the last who has it open closes it: so it is renamed before, unless
// it is a temporary file. If this process ends in between, ".FILE.NUMBER.tmp" is left.
func Remove(path string) error {
	if !strings.HasSuffix(path, tempSuffix) {
		dir, file := filepath.Split(path)
		aside := filepath.Join(dir, "."+file+"."+strconv.FormatUint(rand.Uint64(), 10)+tempSuffix) //nolint:gosec // to be unlike others, not secret
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
	retryTime  = 3 * time.Second // in all
)

func pause(d time.Duration) { <-time.After(d) }

// retryInUse calls again what fails because another process has the file open at this
// moment. An access list that allows nothing looks the same, and costs all our
// patience.
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

// Long returns the path in the form that may have more than 260 characters. It
// must be absolute to have that many.
func Long(path string) string {
	const short = 240 // directories leave 12 for a file's name
	switch {
	case len(path) < short || strings.HasPrefix(path, `\\?\`) || !filepath.IsAbs(path):
		return path
	case strings.HasPrefix(path, `\\`):
		return `\\?\UNC` + filepath.Clean(path)[1:]
	}
	return `\\?\` + filepath.Clean(path)
}
