package safefile_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/test/parts"
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

func TestInPlace_DiskTrouble(t *testing.T) {
	t.Parallel()
	d := safefile.Dir{Root: disk(t, "size=64k"), Name: "dir"}
	f, err := d.Open("file")
	must(t, err)
	defer func() { _ = f.Close() }()
	must(t, write(f, string(make([]byte, 8<<10)), 0))
	fillUp(t, d.Root)
	if err := errors.Join(write(f, "in place", 0), f.SyncData()); err != nil {
		t.Errorf("WriteAt over what is there, on a full disk = %v", err)
	}
	if err := write(f, "behind the end", 8<<10); !errors.Is(err, helper.ErrFull) {
		t.Errorf("WriteAt behind the end, on a full disk = %v, want ErrFull", err)
	}
	must(t, f.Close())
	readOnly(t, d.Root)
	if err := open(d, "file"); !errors.Is(err, helper.ErrUnavailable) {
		t.Errorf("Open on a read-only disk = %v, want ErrUnavailable", err)
	}
}

// TestOpen_SyncsDirectories checks in the system calls that the name of an opened file survives a
// power loss.
func TestOpen_SyncsDirectories(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	binary, err := os.Executable()
	must(t, err)
	root, trace := filepath.Join(t.TempDir(), "root"), filepath.Join(t.TempDir(), "trace")
	for _, name := range []string{"a new file", "one whose maker was killed"} {
		cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-e", "trace=fsync", "-o", trace, binary, "--", "open", "0", root)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v: %s", err, out)
		}
		calls, err := os.ReadFile(trace)
		must(t, err)
		for _, dir := range []string{root, filepath.Join(root, "dir")} {
			if !strings.Contains(string(calls), "<"+dir+">") {
				t.Errorf("%s: %s was not synced:\n%s", name, dir, calls)
			}
		}
	}
}
