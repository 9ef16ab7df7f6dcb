package safefile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/parts"
	"github.com/codex-cred/codex-cred/internal/safefile"
)

// disk mounts a small file system.
func disk(t *testing.T, options string) (root string) {
	t.Helper()
	root = filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(root, 0o700))
	err := syscall.Mount("tmpfs", root, "tmpfs", 0, options+",mode=700")
	parts.Need(t, "tmpfs", err)
	t.Cleanup(func() { must(t, syscall.Unmount(root, syscall.MNT_DETACH)) })
	return root
}

func wantOnly(t *testing.T, d safefile.Dir, content string) {
	t.Helper()
	if got, err := d.Read("file", limit); err != nil || string(got) != content {
		t.Errorf("Read = %q, %v; want %q", got, err, content)
	}
	entries, err := os.ReadDir(d.Path(""))
	must(t, err)
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if diff := cmp.Diff([]string{"file"}, names); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestDiskTroubleKeepsTheOld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, options string
		spoil         func(t *testing.T, root string)
		want          error
	}{
		{"no space", "size=64k", fillUp, helper.ErrFull},
		{"no inodes", "nr_inodes=3", func(*testing.T, string) {}, helper.ErrFull},
		{"read-only", "size=64k", readOnly, helper.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := safefile.Dir{Root: disk(t, c.options), Name: "dir"}
			must(t, d.Write("file", []byte("old")))
			c.spoil(t, d.Root)
			if err := d.Write("file", bytes.Repeat([]byte("new"), 10_000)); !errors.Is(err, c.want) {
				t.Errorf("Write = %v, want %v", err, c.want)
			}
			wantOnly(t, d, "old")
		})
	}
}

func fillUp(t *testing.T, root string) {
	err := os.WriteFile(filepath.Join(root, "ballast"), make([]byte, 1<<20), 0o600)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not run full: %v", err)
	}
}

func readOnly(t *testing.T, root string) {
	must(t, syscall.Mount("tmpfs", root, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}
