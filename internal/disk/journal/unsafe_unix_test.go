//go:build unix

package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func TestUnsafe(t *testing.T) {
	t.Parallel()
	link := func(path string) error {
		return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
	}
	itself := func(path string) string { return path }
	for _, c := range []struct {
		name  string
		part  string
		what  func(path string) string
		spoil func(path string) error
	}{
		{"symlinked file", "", itself, link},
		{"symlinked directory", "", filepath.Dir, link},
		{"world-readable file", "", itself, func(path string) error { return os.Chmod(path, 0o644) }},
		{"group-writable directory", "", filepath.Dir, func(path string) error { return os.Chmod(path, 0o770) }},
		{"file of another user", "root", itself, func(path string) error { return os.Chown(path, 4321, 4321) }},
		{"directory of another user", "root", filepath.Dir, func(path string) error { return os.Chown(path, 4321, 4321) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.part != "" && os.Geteuid() != 0 {
				parts.Need(t, c.part, errors.New("the tests do not run as root"))
			}
			d := newDir(t)
			must(t, openAnswered(t, d, []byte("answer")).Close())
			path, before := d.Path(id), string(mustRead(t, d))
			must(t, c.spoil(c.what(path)))
			_, readErr := d.Read(id, key())
			_, openErr := d.Open(id, key())
			for doing, err := range map[string]error{"Read": readErr, "Open": openErr} {
				refused := (*helper.UnsafeError)(nil)
				if !errors.As(err, &refused) || refused.Path != c.what(path) {
					t.Errorf("%s = %v; want the refusal of %s", doing, err, c.what(path))
				}
			}
			if string(mustRead(t, d)) != before {
				t.Error("the file was changed")
			}
		})
	}
}

// TestOpen_SymlinkToNowhere checks that Open does not create the target of a symbolic link.
func TestOpen_SymlinkToNowhere(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	put(t, d, id, nil)
	target := filepath.Join(t.TempDir(), "target")
	must(t, errors.Join(os.Remove(d.Path(id)), os.Symlink(target, d.Path(id))))
	if _, err := d.Open(id, key()); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("Open = %v, want ErrUnsafe", err)
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open made the target: %v", err)
	}
}

// TestEmpty_Moved checks that an open journal is emptied where it was moved to, and that no new
// file appears at its path.
func TestEmpty_Moved(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	root, moved := filepath.Join(top, "root"), filepath.Join(top, "moved")
	must(t, os.Mkdir(root, 0o700))
	d := journal.New(root).RequireRoot()
	j := openAnswered(t, d, []byte("answer"))
	must(t, os.Rename(root, moved))
	if _, err := d.Open(id, key()); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Open without the root = %v, want ErrNotFound", err)
	}
	if _, err := os.Lstat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made the root: %v", err)
	}
	must(t, errors.Join(j.Empty(), j.Close()))
	wantEmpty(t, journal.New(moved))
}
