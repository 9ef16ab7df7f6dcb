//go:build unix

package rundir_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/rundir"
)

// TestMake_Shared checks that nothing is made below a directory in which other users can create
// files, and that the error names it.
func TestMake_Shared(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o777 | os.ModeSticky, 0o777, 0o702} {
		shared := filepath.Join(filepath.Dir(newRoot(t)), "shared")
		must(t, os.Mkdir(shared, 0o700))
		must(t, os.Chmod(shared, mode))
		_, err := rundir.New(filepath.Join(shared, "root")).Make()
		if unsafe := (*helper.UnsafeError)(nil); !errors.As(err, &unsafe) || unsafe.Path != shared {
			t.Errorf("%v: Make = %v, want a refusal that names %s", mode, err, shared)
		}
		if entries, err := os.ReadDir(shared); err != nil || len(entries) > 0 {
			t.Errorf("%v: Make left %v (%v)", mode, entries, err)
		}
	}
}
