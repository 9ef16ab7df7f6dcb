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

// A Dir is one directory of this program: Name, a single element, below Root. Root is absolute. The
// zero value is not usable. Its methods are safe for concurrent use, from several processes too.
//
// Every method returns a [helper.UnsafeError] for what it refuses, ErrFull when the disk or the
// quota is full, and ErrUnavailable for any other error of the file system.
type Dir struct {
	Root  string
	Name  string
	Makes Makes
}

// Makes is what a Dir may create if it is absent. A directory that is absent for a moment, for
// instance not mounted, must not be created in its place.
type Makes int

const (
	// MakesAll creates the directory, its root and the parents of the root.
	MakesAll Makes = iota
	// MakesDir creates the directory below an existing root.
	MakesDir
	// MakesNothing creates files only.
	MakesNothing
)

// Path returns the path of a file in the directory.
func (d Dir) Path(file string) string { return filepath.Join(d.Root, d.Name, file) }

// Check refuses an unsafe root or directory. It creates nothing; an absent one is ErrNotFound.
func (d Dir) Check() error {
	if err := checkDir(d.Root); err != nil {
		return err
	}
	return checkDir(d.Path(""))
}

// Make creates the directory, its root and the parents of the root where they are absent, and
// checks the rest. Existing parents are not changed. What [Dir.Makes] does not allow to create is
// ErrNotFound.
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

// Names returns the names of the files in order, without temporary and other hidden ones. An absent
// directory has none and is no error.
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

// Files returns the paths of all files in the directory in order, including temporary ones. An
// absent directory has none.
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

// checkDir refuses a path that is not a directory for its owner alone.
func checkDir(path string) error {
	n, err := lstat(path)
	if err != nil {
		return wrapError("open", path, err)
	}
	return n.checkDir(path)
}

// makeParents makes the absent directories down to path. Existing ones belong to the user and only
// have to be directories.
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

// checkDangling returns the error of a path that exists and is not a directory, unless another
// process has just made it.
func checkDangling(path string) error {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("make a directory in %s: it is a symbolic link that leads nowhere: %w", path, helper.ErrUnavailable)
	}
	return wrapError("open", path, err)
}

// makeDir makes a directory, or checks the existing one.
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

// create makes a directory for its owner alone and syncs it to disk.
func create(path string) error {
	if err := mkdir(path); err != nil {
		return err
	}
	// A parent outside the root may be unreadable, and then cannot be synced.
	_ = syncDir(filepath.Dir(path))
	return nil
}

// checkNew checks a directory that was just made for its owner alone. If others have access, the
// file system does not keep modes or access lists.
func checkNew(path string) error {
	n, err := lstat(path)
	if err != nil {
		return wrapError("open", path, err)
	}
	if n.isOpen() {
		return &helper.UnsafeError{
			Path: path,
			Problem: fmt.Sprintf("is on a file system that keeps no modes (it was just made for you alone, and %s), "+
				"so other users could read what it holds", n.accessProblem()),
			Fix: "set CODEX_CRED_HOME to a directory on another file system",
		}
	}
	return n.checkDir(path)
}
