//go:build unix

package accountdir_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

func TestUnsafe(t *testing.T) {
	t.Parallel()
	link := func(path string) error {
		return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
	}
	open644 := func(path string) error { return os.Chmod(path, 0o644) }
	open770 := func(path string) error { return os.Chmod(path, 0o770) }
	directory := filepath.Dir
	itself := func(path string) string { return path }
	for _, c := range []struct {
		name  string
		what  func(path string) string
		spoil func(path string) error
	}{
		{"symlinked file", itself, link},
		{"world-readable file", itself, open644},
		{"symlinked directory", directory, link},
		{"group-writable directory", directory, open770},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			mustUpdate(t, d, "work", signIn)
			path, before := d.Path("work"), mustRead(t, d.Path("work"))
			if err := c.spoil(c.what(path)); err != nil {
				t.Fatal(err)
			}
			_, loadErr := d.Load("work")
			_, updateErr := d.Update("work", signIn)
			for doing, err := range map[string]error{"Load": loadErr, "Update": updateErr} {
				refused := (*helper.UnsafeError)(nil)
				if !errors.As(err, &refused) || refused.Path != c.what(path) {
					t.Errorf("%s = %v; want the refusal of %s", doing, err, c.what(path))
				}
			}
			if after := mustRead(t, path); after != before {
				t.Errorf("the file is now %s", after)
			}
		})
	}
}
