// Package rundir makes the directories in which setup --verify runs other programs. Start with
// [New].
//
// Such programs search their working directory, and every directory above it, for configuration
// that may name code to run. So the directories are below the program's own root instead of the
// system's temporary directory, and none is made if other users can add files to a directory above
// it.
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

// A Dir is the set of run directories under one root. Its methods are safe for concurrent use.
type Dir struct{ dir safefile.Dir }

// New returns the directories under root, which is absolute. It does not touch the disk.
func New(root string) *Dir { return &Dir{dir: safefile.Dir{Root: root, Name: dirName}} }

// A Run is the directory of one run of a program.
type Run struct {
	// Work is the empty directory to run the program in, without symbolic links in its path.
	Work string
	// Temp is the directory for the program's temporary files, some of which may be code.
	Temp string

	parent *Dir
	path   string
}

// Make makes a directory for one run, which only its owner can access. The caller calls
// [Run.Remove]. If other users can add files to a directory above it, Make makes nothing and
// returns a [helper.UnsafeError] that names that directory.
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
	path, err := os.MkdirTemp(real, "run-*") //nolint:forbidigo // in a directory of this program, with mode 0700
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

// Remove removes the directory with its content, and the directory of all runs if that is empty
// then.
func (r *Run) Remove() error {
	if err := r.parent.Remove(r.path); err != nil && !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	_ = os.Remove(r.parent.Folder()) // fails while another run exists
	return nil
}

// Folder returns the path of the directory of all runs.
func (d *Dir) Folder() string { return filepath.Clean(d.dir.Path("")) }

// Files returns the paths of all run directories, including those of interrupted runs.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// Remove removes one of [Dir.Files] with its content. ErrNotFound: it does not exist.
func (d *Dir) Remove(path string) error {
	if _, err := os.Lstat(path); err != nil {
		return wrapError("remove", path, err)
	}
	err := os.RemoveAll(path)
	if errors.Is(err, fs.ErrPermission) { // a directory in it that its owner may open again
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

// wrapError wraps an error in helper's errors; nil stays nil.
func wrapError(doing, path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s %s: %w", doing, path, helper.ErrNotFound)
	}
	//nolint:errorlint // errors of other packages are not wrapped
	return fmt.Errorf("%s %s: %w: %v", doing, path, helper.ErrUnavailable, err)
}
