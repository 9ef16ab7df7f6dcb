package filelock_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

// awaitReader returns when a caller waits in the kernel for a shared lock on the file. The kernel
// does not report that, so awaitReader polls. The test fails if the caller returns before.
func awaitReader(t *testing.T, path string, over <-chan struct{}) {
	t.Helper()
	var file syscall.Stat_t
	if err := syscall.Stat(path, &file); err != nil {
		t.Fatal(err)
	}
	waits := regexp.MustCompile(fmt.Sprintf(`-> FLOCK +ADVISORY +READ .*:%d `, file.Ino))
	for t.Context().Err() == nil {
		locks, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Skip("the kernel does not tell who waits: ", err)
		}
		if waits.Match(locks) {
			return
		}
		select {
		case <-over:
			t.Fatalf("nobody waits for a shared lock on %s: Wait has returned", path)
		default:
			runtime.Gosched()
		}
	}
}

// TestWait_FileDeletedMeanwhile checks that a caller which waited for the old holder also waits for
// that of the new file.
func TestWait_FileDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	old := reexec.Start(t, "try", root)
	old.Want(t, "try")
	waited := mustStartWait(t, l, newSignalContext())
	var released atomic.Bool
	through, over := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(over)
		if err := <-waited; err != nil {
			t.Error(err)
		}
		through <- released.Load()
	}()
	awaitReader(t, l.Path(name), over)
	if err := os.Remove(l.Path(name)); err != nil {
		t.Fatal(err)
	}
	unlock := mustTry(t, l)
	if rest := old.Rest(t); rest != "end of try" {
		t.Fatal(rest)
	}
	awaitReader(t, l.Path(name), over)
	released.Store(true)
	unlock()
	if !<-through {
		t.Error("Wait returned while somebody held the lock on the new file")
	}
	mustLock(t, l)()
}
