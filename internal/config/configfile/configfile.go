// Package configfile reads and replaces the config files of other programs. A file keeps its mode
// and its place: if a symbolic link leads to it, as in a folder of dotfiles, the link stays and its
// target is replaced. The package keeps no backups, because such files may hold secrets.
//
// It does not interpret the files. A caller reads a file and replaces what it read, under a lock of
// its own that excludes other callers of this package.
package configfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/sharing"
)

// maxSize is the largest file that is read, in bytes.
const maxSize = 16 << 20

// A File is a config file as it was read.
type File struct {
	// Path is the path of the content, behind all links.
	Path string
	// Content is nil if the file is absent.
	Content []byte
	// Exists distinguishes an absent file from an empty one.
	Exists bool

	mode fs.FileMode
}

// Read reads the file, which may be absent.
func Read(path string) (*File, error) {
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return checkAbsent(path)
	}
	if err != nil {
		return nil, wrapError("open", path, err)
	}
	content, info, err := ReadRegular(real)
	if err == nil {
		err = check(real, info)
	}
	if err != nil {
		return nil, err
	}
	return &File{Path: real, Content: content, Exists: true, mode: info.Mode().Perm()}, nil
}

// ReadRegular reads a regular file of another program, up to 16 MiB. It never blocks: a named pipe,
// a socket, a device or a directory is a [helper.UnsafeError] that names the kind. Symbolic links
// are followed. Other errors are ErrTooLarge and, also for an absent file, ErrUnavailable.
func ReadRegular(path string) ([]byte, fs.FileInfo, error) {
	info, err := os.Stat(path) // before opening, which can have effects on a device
	if err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		return nil, nil, wrapError("open", path, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // a config file of the user
	if err != nil {
		return nil, nil, wrapError("open", path, err)
	}
	defer func() { _ = f.Close() }()
	if info, err = f.Stat(); err == nil {
		err = checkRegular(path, info)
	}
	if err != nil {
		return nil, nil, wrapError("open", path, err)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, nil, wrapError("read", path, err)
	}
	if len(content) > maxSize {
		return nil, nil, fmt.Errorf("read %s: %w: it is larger than %d bytes", path, helper.ErrTooLarge, maxSize)
	}
	return content, info, nil
}

// checkRegular refuses what is not a regular file.
func checkRegular(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() {
		return nil
	}
	return &helper.UnsafeError{
		Path: path, Problem: "is " + Kind(info.Mode()) + " and not a regular file", Fix: "move it away",
	}
}

// Kind returns the kind of a file of the mode in words, with an article.
func Kind(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "a regular file"
	case fs.ModeDir:
		return "a directory"
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeNamedPipe:
		return "a named pipe"
	case fs.ModeSocket:
		return "a socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		return "a device"
	}
	return "something else"
}

// checkAbsent checks that nothing is at the path. A dangling link is an error: its owner decided
// where the file belongs, and we cannot know.
func checkAbsent(path string) (*File, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, &helper.UnsafeError{
			Path:    path,
			Problem: "is a symbolic link that leads nowhere",
			Fix:     "make the file that it leads to, or remove it",
		}
	}
	return &File{Path: path, mode: 0o600}, nil
}

func check(path string, info fs.FileInfo) error {
	switch {
	case info.Mode()&0o200 == 0:
		return &helper.UnsafeError{
			Path:    path,
			Problem: "may not be written",
			Fix:     "change it where it is made, or allow it: chmod u+w",
		}
	case isForeign(info):
		return &helper.UnsafeError{Path: path, Problem: "belongs to another user", Fix: "run it as that user"}
	}
	return nil
}

// SetPrivate makes Replace set a mode for the owner alone, whatever the mode was.
func (f *File) SetPrivate() { f.mode = 0o600 }

// Replace writes the content atomically: readers see the old file or the new one. It makes absent
// directories, for the owner alone, and returns them, outermost first. ErrConflict: the file has
// changed since it was read.
func (f *File) Replace(content []byte) (made []string, err error) {
	dir := filepath.Dir(f.Path)
	made, err = makeDirs(dir)
	if err != nil {
		return made, err
	}
	temp, err := f.writeTemp(content)
	if err == nil {
		err = f.checkUnchanged()
	}
	if err == nil {
		err = wrapError("write", f.Path, sharing.Rename(temp, f.Path))
	}
	if err != nil {
		if temp != "" {
			_ = os.Remove(temp)
		}
		return made, err
	}
	syncDir(dir)
	return made, nil
}

// Remove deletes the file. ErrConflict is as for Replace.
func (f *File) Remove() error {
	if err := f.checkUnchanged(); err != nil {
		return err
	}
	if err := sharing.Remove(f.Path); err != nil {
		return wrapError("remove", f.Path, err)
	}
	syncDir(filepath.Dir(f.Path))
	return nil
}

// checkUnchanged compares the file with what was read. A change by another program can then be lost
// only in the instant between the check and the rename.
func (f *File) checkUnchanged() error {
	now, err := Read(f.Path)
	if err != nil {
		return err
	}
	if now.Exists != f.Exists || !bytes.Equal(now.Content, f.Content) {
		return fmt.Errorf("write %s: another program changed it meanwhile: %w", f.Path, helper.ErrConflict)
	}
	return nil
}

// writeTemp writes the content beside the file and syncs it to disk. The name is always the same,
// so that the next run finds and removes what an interrupted one left: it may hold a secret.
func (f *File) writeTemp(content []byte) (string, error) {
	path := filepath.Join(filepath.Dir(f.Path), "."+filepath.Base(f.Path)+".codex-cred.tmp")
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", wrapError("write", path, err)
	}
	//nolint:gosec // beside the user's own config
	temp, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", wrapError("write", path, err)
	}
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Chmod(f.mode)
	}
	if err == nil {
		err = temp.Sync()
	}
	return path, wrapError("write", path, errors.Join(err, temp.Close()))
}

// makeDirs makes the absent directories down to the path.
func makeDirs(path string) (made []string, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, nil
	case err == nil:
		return nil, fmt.Errorf("write into %s: it is not a directory: %w", path, helper.ErrUnavailable)
	case !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path):
		return nil, wrapError("open", path, err)
	}
	if made, err = makeDirs(filepath.Dir(path)); err != nil {
		return made, err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return made, wrapError("make", path, err)
	}
	return append(made, path), nil
}

// syncDir syncs a rename to disk if the system can.
func syncDir(path string) {
	if dir, err := os.Open(path); err == nil { //nolint:gosec // only to sync it
		_ = dir.Sync()
		_ = dir.Close()
	}
}

// wrapError wraps an error in helper's errors; nil stays nil.
func wrapError(doing, path string, err error) error {
	if err == nil || errors.Is(err, helper.ErrUnsafe) {
		return err
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	//nolint:errorlint // errors of other packages are not wrapped
	return fmt.Errorf("%s %s: %w: %v", doing, path, helper.ErrUnavailable, err)
}
