package rundir_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/rundir"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newRoot returns a root below directories that only this user can write.
func newRoot(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	must(t, err)
	must(t, os.MkdirAll(cache, 0o700))
	dir, err := os.MkdirTemp(cache, "codex-cred-test-") //nolint:usetesting // others can write to a directory above the test's
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	root := filepath.Join(dir, "root")
	parts.Need(t, "sheltered", safefile.CheckSheltered(root))
	return root
}

func TestMake(t *testing.T) {
	t.Parallel()
	d := rundir.New(newRoot(t))
	first, err := d.Make()
	must(t, err)
	second, err := d.Make()
	must(t, err)
	if paths, err := d.Files(); err != nil || len(paths) != 2 {
		t.Errorf("Files = %v, %v; want two", paths, err)
	}
	for _, dir := range []string{first.Work, first.Temp} {
		info, err := os.Stat(dir)
		must(t, err)
		if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s has mode %o", dir, info.Mode().Perm())
		}
	}
	// Directories that the program made unwritable are removed too.
	must(t, os.MkdirAll(filepath.Join(first.Temp, "a", "b"), 0o700))
	must(t, os.Chmod(filepath.Join(first.Temp, "a"), 0o500))
	must(t, first.Remove())
	if paths, err := d.Files(); err != nil || len(paths) != 1 {
		t.Errorf("Files = %v, %v; want that of the second run", paths, err)
	}
	must(t, second.Remove())
	if _, err := os.Lstat(d.Folder()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of all runs is left: %v", err)
	}
	if err := d.Remove(filepath.Join(d.Folder(), "run-1")); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Remove of what is absent = %v", err)
	}
}
