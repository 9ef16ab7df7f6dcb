// Package rundir makes the folders in which setup --verify runs programs of
// other people. Start with [New].
//
// Such programs search their working directory, and every directory above it, for
// configuration that may name code to run. So the folders lie under the root of
// ours and not in the system's temporary directory, and none is made where other
// users can put files into a directory above it.
package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const dirName = "runs"

// A Dir is the folders under one root.
type Dir struct{ dir safefile.Dir }

// New returns the folders under root, which is absolute. It touches nothing.
func New(root string) *Dir { return &Dir{dir: safefile.Dir{Root: root, Name: dirName}} }

// A Run is the folder of one run of a program.
type Run struct {
	// Work is the directory to run the program in: its physical path, empty.
	Work string
	// Temp is for the program's temporary files, some of which may be code.
	Temp string

	parent *Dir
	path   string
}

// Make makes a folder for one run, open to its owner alone. The caller calls
// [Run.Remove]. Where other users can put files into a directory above it, it makes
// nothing and returns a [helper.UnsafeError] that names that directory.
func (d *Dir) Make() (*Run, error) {
	if err := safefile.CheckSheltered(d.Folder()); err != nil {
		return nil, err
	}
	if err := d.dir.Make(); err != nil {
		return nil, err
	}
	real, err := filepath.EvalSymlinks(d.Folder())
	if err != nil {
		return nil, wrapError("open", d.Folder(), err)
	}
	path, err := os.MkdirTemp(real, "run-*") //nolint:forbidigo // in a directory of ours, with mode 0700
	if err != nil {
		return nil, wrapError("make a directory in", real, err)
	}
	r := &Run{Work: filepath.Join(path, "work"), Temp: filepath.Join(path, "tmp"), parent: d, path: path}
	for _, dir := range []string{r.Work, r.Temp} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, errors.Join(wrapError("make", dir, err), r.Remove())
		}
	}
	return r, nil
}

// Remove removes the folder with all that is in it, and the folder of all runs if
// that is empty then.
func (r *Run) Remove() error {
	if err := r.parent.Remove(r.path); err != nil && !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	_ = os.Remove(r.parent.Folder()) // unless another run is under way
	return nil
}

// Folder returns where the folders are.
func (d *Dir) Folder() string { return filepath.Clean(d.dir.Path("")) }

// Files returns the paths of all folders: those of runs that are under way, and
// those that a killed run left.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// Remove removes one of [Dir.Files] with all that is in it. ErrNotFound: it was
// absent.
func (d *Dir) Remove(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return wrapError("remove", path, err)
	}
	err := os.RemoveAll(path)
	if errors.Is(err, fs.ErrPermission) { // of a directory in it, which is its owner's to open
		_ = filepath.WalkDir(path, func(below string, entry fs.DirEntry, _ error) error {
			if entry != nil && entry.IsDir() {
				_ = os.Chmod(below, 0o700) //nolint:gosec // a directory that is about to be removed
			}
			return nil
		})
		err = os.RemoveAll(path)
	}
	return wrapError("remove", path, err)
}

// wrapError says in helper's vocabulary what went wrong; nil stays nil.
func wrapError(doing, path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s %s: %w", doing, path, helper.ErrNotFound)
	}
	return fmt.Errorf("%s %s: %w: %v", doing, path, helper.ErrUnavailable, err) //nolint:errorlint // foreign errors end at this border
}
