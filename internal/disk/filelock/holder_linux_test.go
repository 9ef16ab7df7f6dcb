package filelock_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

// reportsHolder is whether the system reports the holder of a lock.
const reportsHolder = true

func TestHolder_Stopped(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	holder := reexec.Start(t, "hold", root)
	holder.Want(t, "hold")
	mustStop(t, holder)
	h, held, err := filelock.New(root).Holder(name)
	if err != nil || !held || !h.Stopped || h.PID != holder.Cmd.Process.Pid {
		t.Errorf("%+v, %v, %v; want that process, stopped", h, held, err)
	}
	if err := holder.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}
