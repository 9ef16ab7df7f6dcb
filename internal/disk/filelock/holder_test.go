package filelock_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

func TestHolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	want := func(when string, held bool, pid int) {
		t.Helper()
		h, got, err := l.Holder(name)
		if !reportsHolder {
			pid = 0
		}
		if err != nil || got != held || h.PID != pid || (h.Name != "") != (pid > 0) || h.Stopped {
			t.Errorf("%s: %+v, %v, %v; want %v and process %d", when, h, got, err, held, pid)
		}
	}
	want("before there is a file", false, 0)
	if _, err := os.Stat(root); !os.IsNotExist(err) {
		t.Errorf("it made something: %v", err)
	}
	holder := reexec.Start(t, "hold", root)
	holder.Want(t, "hold")
	waiter := reexec.Start(t, "wait", root) // shared, and waits
	waiter.Want(t, "waiting")
	want("while another process has it", true, holder.Cmd.Process.Pid)
	if rest := holder.Rest(t); rest != "end of hold" {
		t.Fatal(rest)
	}
	waiter.Want(t, "through")
	want("after its end", false, 0)
	mustLock(t, l)()
}
