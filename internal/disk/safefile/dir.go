package safefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// A Dir is one directory of ours: Name, a single element, below Root. Root is
// absolute. The zero value is not usable. Methods may be called concurrently,
// from several processes too.
//
// Every method returns an [helper.UnsafeError] for what it refuses, ErrFull
// when the disk or the quota is full, and ErrUnavailable for any other trouble
// of the file system.
type Dir struct {
	Root  string
	Name  string
	Makes Makes
}

// Makes says what a Dir may make of itself where it is absent. A directory that is
// away for a moment, as one that is not mounted, must not be made anew in its place.
type Makes int

const (
	// MakesAll makes the directory, its root and the parents of the root.
	MakesAll Makes = iota
	// MakesDir makes the directory below a root that exists.
	MakesDir
	// MakesNothing makes files only.
	MakesNothing
)

// Path returns the path of a file in the directory.
func (d Dir) Path(file string) string { return filepath.Join(d.Root, d.Name, file) }

// Check refuses an unsafe root or directory. It creates nothing; an absent one
// is ErrNotFound.
func (d Dir) Check() error {
	if err := checkDir(d.Root); err != nil {
		return err
	}
	return checkDir(d.Path(""))
}

// Make creates what is absent of the directory, its root and the parents of
// the root, and checks the rest. Parents that exist are not touched. What
// [Dir.Makes] does not allow to be made is ErrNotFound.
func (d Dir) Make() error {
	err := d.Check()
	if !errors.Is(err, helper.ErrNotFound) || d.Makes == MakesNothing {
		return err
	}
	if d.Makes == MakesDir {
		if err := checkDir(d.Root); err != nil {
			return err
		}
		return makeDir(d.Path(""))
	}
	if err := makeParents(filepath.Dir(d.Root)); err != nil {
		return err
	}
	if err := makeDir(d.Root); err != nil {
		return err
	}
	return makeDir(d.Path(""))
}

// Names returns the names of the files in order, without temporary and other
// hidden ones. No directory is no names and no error.
func (d Dir) Names() ([]string, error) {
	names, err := d.names()
	if errors.Is(err, helper.ErrNotFound) {
		return nil, nil
	}
	visible := names[:0]
	for _, name := range names {
		if !strings.HasPrefix(name, ".") {
			visible = append(visible, name)
		}
	}
	return visible, err
}

// Files returns the paths of everything in the directory, also of temporary
// files, in order. An absent directory has none.
func (d Dir) Files() ([]string, error) {
	names, err := d.names()
	if errors.Is(err, helper.ErrNotFound) {
		return nil, nil
	}
	paths := make([]string, 0, len(names))
	for _, name := range names {
		paths = append(paths, d.Path(name))
	}
	return paths, err
}

func (d Dir) names() ([]string, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(d.Path(""))
	if err != nil {
		return nil, wrapError("list", d.Path(""), err)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names, nil
}

// checkDir refuses a path that is not a directory of ours alone.
func checkDir(path string) error {
	n, err := lstat(path)
	if err != nil {
		return wrapError("open", path, err)
	}
	return n.checkDir(path)
}

// makeParents makes the absent directories down to path. They are not ours to
// judge, so what exists is only required to be a directory.
func makeParents(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("make a directory in %s: it is not a directory: %w", path, helper.ErrUnavailable)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path):
		return wrapError("open", path, err)
	}
	if err := makeParents(filepath.Dir(path)); err != nil {
		return err
	}
	err = create(path)
	if errors.Is(err, fs.ErrExist) {
		return checkDangling(path)
	}
	return wrapError("make", path, err)
}

// checkDangling looks at a path that exists and yet is no directory, unless
// another process has just made it.
func checkDangling(path string) error {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make a directory in %s: it is a symbolic link that leads nowhere: %w", path, helper.ErrUnavailable)
	}
	return wrapError("open", path, err)
}

// makeDir makes a directory of ours, or checks the one that is there.
func makeDir(path string) error {
	err := create(path)
	switch {
	case errors.Is(err, fs.ErrExist):
		return checkDir(path)
	case err != nil:
		return wrapError("make", path, err)
	}
	if err := checkNew(path); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// create makes a directory for its owner alone, and makes it last.
func create(path string) error {
	if err := mkdir(path); err != nil {
		return err
	}
	// A parent that is not ours may be unreadable, and then cannot be synced.
	_ = syncDir(filepath.Dir(path))
	return nil
}

// checkNew checks a directory that was just made for its owner alone. If others can
// reach it all the same, modes or access lists do not stick here.
func checkNew(path string) error {
	n, err := lstat(path)
	if err != nil {
		return wrapError("open", path, err)
	}
	if n.isOpen() {
		return &helper.UnsafeError{
			Path:    path,
			Problem: fmt.Sprintf("is on a file system that keeps no modes (it was just made for you alone, and %s), so other users could read what it holds", n.accessProblem()),
			Fix:     "set CODEX_CRED_HOME to a directory on another file system",
		}
	}
	return n.checkDir(path)
}
