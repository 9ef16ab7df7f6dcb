//go:build unix

package filelock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

func wantWaits(t *testing.T, l *filelock.Locks) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	if err := l.Wait(ctx, name); !errors.Is(err, helper.ErrBusy) {
		t.Errorf("Wait for a held lock = %v, want ErrBusy", err)
	}
}

func mustStop(t *testing.T, p *reexec.Process) {
	t.Helper()
	if err := p.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(p.Cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("the process has status %v, %v; want it stopped", status, err)
	}
}

// TestStoppedHolder checks that a stopped holder keeps its lock.
func TestStoppedHolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	holder := reexec.Start(t, "try", root)
	holder.Want(t, "try")
	mustStop(t, holder)
	processes := startWaiters(t, root)
	wantRefused(t, l)
	wantWaits(t, l)
	if err := holder.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, l)
	if rest := holder.Rest(t); rest != "end of try" {
		t.Fatal(rest)
	}
	wantAll(t, processes, "through")
	mustLock(t, l)()
}

// TestDeletedByHand checks that a new caller locks the new file, and that the old holder's unlock
// does not affect it.
func TestDeletedByHand(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	old := reexec.Start(t, "try", root)
	old.Want(t, "try")
	if err := os.Remove(l.Path(name)); err != nil {
		t.Fatal(err)
	}
	wantFree(t, l) // of the file at the path
	unlock := mustTry(t, l)
	if rest := old.Rest(t); rest != "end of try" {
		t.Fatal(rest)
	}
	wantRefused(t, l)
	wantWaits(t, l)
	if _, err := os.Lstat(l.Path(name)); err != nil {
		t.Errorf("the old holder's release took the new file: %v", err)
	}
	unlock()
	mustLock(t, l)() // a Wait that gave up may hold it for a moment
}
