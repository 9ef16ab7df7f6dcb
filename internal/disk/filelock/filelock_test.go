package filelock_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

const (
	name = "0123456789abcdef0123456789abcdef"
	// short is a wait that is expected to fail, long one that is expected to succeed.
	short = 50 * time.Millisecond
	long  = 30 * time.Second
)

func TestMain(m *testing.M) { reexec.Main(m, child) }

// child takes the lock under the root args[1] in the way that args[0] names, prints a line, and
// holds it until its standard input closes or it is killed.
func child(args []string) error {
	word, withChild := strings.CutSuffix(args[0], "-with-child")
	switch word {
	case "hold":
		unlock, err := filelock.New(args[1]).Lock(context.Background(), name)
		if err != nil {
			return err
		}
		defer func() { _ = unlock() }()
	case "try":
		unlock, ok, err := filelock.New(args[1]).Try(name)
		if err != nil || !ok {
			return errors.Join(err, errRefused)
		}
		defer func() { _ = unlock() }()
	case "wait":
		return waitMany(filelock.New(args[1]))
	}
	if withChild {
		if err := startIdle(); err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintln(os.Stdout, args[0])
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(os.Stdout, "end of "+args[0])
	return nil
}

// startIdle starts a child that outlives its parent, until the standard input that they share
// closes.
func startIdle() error {
	idle := exec.CommandContext(context.Background(), os.Args[0], "--", "idle")
	idle.Stdin, idle.Stdout, idle.Stderr = os.Stdin, os.Stdout, os.Stderr
	return idle.Start()
}

func lock(t *testing.T, l *filelock.Locks, wait time.Duration) (unlock func() error, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	return l.Lock(ctx, name)
}

func mustLock(t *testing.T, l *filelock.Locks) (unlock func()) {
	t.Helper()
	give, err := lock(t, l, long)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := give(); err != nil {
			t.Error(err)
		}
	}
}

func wantBusy(t *testing.T, l *filelock.Locks) {
	t.Helper()
	_, err := lock(t, l, short)
	if !errors.Is(err, helper.ErrBusy) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), l.Path(name)) {
		t.Errorf("Lock of a held lock = %v; want ErrBusy, the deadline and %s", err, l.Path(name))
	}
}

func TestLock_ExcludesOtherProcesses(t *testing.T) {
	t.Parallel()
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	root := filepath.Dir(filepath.Dir(l.Path(name)))
	holder := reexec.Start(t, "hold", root)
	holder.Want(t, "hold")
	wantBusy(t, l)
	if rest := holder.Rest(t); rest != "end of hold" {
		t.Fatal(rest)
	}
	mustLock(t, l)()
}

func TestLock_EndsWithItsHolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	holder := reexec.Start(t, "hold", root)
	holder.Want(t, "hold")
	l := filelock.New(root)
	wantBusy(t, l)
	if err := holder.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	mustLock(t, l)()
}

func TestLock_IsNotInherited(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"hold-with-child", "try-with-child"} {
		root := filepath.Join(t.TempDir(), "root")
		holder := reexec.Start(t, word, root)
		lines := map[string]bool{holder.Line(t): true, holder.Line(t): true}
		if !lines[word] || !lines["idle"] {
			t.Fatalf("the children wrote %v", lines)
		}
		l := filelock.New(root)
		wantBusy(t, l)
		if err := holder.Cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		mustLock(t, l)()
		if rest := holder.Rest(t); rest != "end of idle" {
			t.Errorf("the holder's child wrote %q: it did not outlive the holder", rest)
		}
	}
}

// TestLock_Excludes lets some holders delete the file: a waiting caller must not hold the lock
// together with a later one.
func TestLock_Excludes(t *testing.T) {
	t.Parallel()
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	var inside atomic.Int32
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for round := range 40 {
				unlock, err := lock(t, l, long)
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				runtime.Gosched()
				inside.Add(-1)
				if (n+round)%3 == 0 {
					if err := l.Remove(name); err != nil {
						t.Error(err)
					}
				}
				if err := unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestLock_LateIsGivenBack checks that a lock which arrives after its caller has given up is
// released.
func TestLock_LateIsGivenBack(t *testing.T) {
	t.Parallel()
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	unlock := mustLock(t, l)
	for range 10 {
		wantBusy(t, l)
	}
	unlock()
	mustLock(t, l)()
}

func TestLock_EndedContext(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := filelock.New(root).Lock(ctx, name)
	if !errors.Is(err, helper.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("Lock = %v; want ErrBusy and the context's error", err)
	}
	if _, err := os.Lstat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made the root: %v", err)
	}
}

func TestLock_Names(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	for _, bad := range []string{"", "work", "../x", name + "/..", name + "\n", "signin-", "signin-../x", "signin-Work"} {
		if _, err := l.Lock(t.Context(), bad); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("Lock(%q) = %v, want ErrInvalid", bad, err)
		}
		if err := l.Remove(bad); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("Remove(%q) = %v, want ErrInvalid", bad, err)
		}
	}
	for good, file := range map[string]string{
		name:              name + ".lock",
		name + "/journal": name + ".journal.lock",
		"signin-a@b.c":    "signin-a@b.c.lock",
	} {
		if want := filepath.Join(root, "locks", file); l.Path(good) != want {
			t.Errorf("Path(%q) = %s, want %s", good, l.Path(good), want)
		}
		unlock, err := l.Lock(t.Context(), good)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(l.Path(good)); err != nil {
			t.Error(err)
		}
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	if err := l.Remove(name); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Remove of an absent lock = %v, want ErrNotFound", err)
	}
	unlock := mustLock(t, l)
	if err := l.Remove(name); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(l.Path(name)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Remove the file is there: %v", err)
	}
	unlock()
}

func TestLock_RefusesUnsafeFile(t *testing.T) {
	t.Parallel()
	parts.NeedSymlinks(t)
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	mustLock(t, l)()
	path := l.Path(name)
	if err := errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path)); err != nil {
		t.Fatal(err)
	}
	if _, err := lock(t, l, long); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("Lock through a symbolic link = %v, want ErrUnsafe", err)
	}
}
