package fallbackfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestPut_DiskFull runs on a file system of 64 KiB.
func TestPut_DiskFull(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(root, 0o700))
	parts.Need(t, "tmpfs", syscall.Mount("tmpfs", root, "tmpfs", 0, "size=64k,mode=700"))
	t.Cleanup(func() { must(t, syscall.Unmount(root, syscall.MNT_DETACH)) })

	s := fallbackfile.New(root)
	v, err := s.Put(t.Context(), name, []byte("old"), "")
	must(t, err)
	if _, err := s.Put(t.Context(), name, bytes.Repeat([]byte("new"), 40_000), v); !errors.Is(err, helper.ErrFull) {
		t.Errorf("Put = %v, want ErrFull", err)
	}
	if item, again, err := s.Get(t.Context(), name); err != nil || again != v || string(item) != "old" {
		t.Errorf("Get = %q, version %q, %v; want the old item", item, again, err)
	}
	wantFiles(t, filepath.Dir(s.Path(name)), name)
}
