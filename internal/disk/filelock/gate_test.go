package filelock_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gofrs/flock"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

var errRefused = errors.New("refused")

// startWait starts Wait and returns a channel of its result, once it is waiting.
func startWait(l *filelock.Locks, p *signalContext) (answer <-chan error, err error) {
	done := make(chan error, 1)
	go func() { done <- l.Wait(p, name) }()
	select {
	case <-p.begun:
		return done, nil
	case err := <-done:
		return nil, fmt.Errorf("Wait did not wait: %w", errors.Join(err, errRefused))
	}
}

func mustStartWait(t *testing.T, l *filelock.Locks, p *signalContext) (answer <-chan error) {
	t.Helper()
	answer, err := startWait(l, p)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

const waiters = 10 // in one process

// waitMany waits for the lock many times concurrently, and prints a line when all are waiting and
// when all have returned.
func waitMany(l *filelock.Locks) error {
	var answers []<-chan error
	for range waiters {
		answer, err := startWait(l, newSignalContext())
		if err != nil {
			return err
		}
		answers = append(answers, answer)
	}
	_, _ = fmt.Fprintln(os.Stdout, "waiting")
	for _, answer := range answers {
		if err := <-answer; err != nil {
			return err
		}
	}
	_, _ = fmt.Fprintln(os.Stdout, "through")
	return nil
}

// startWaiters starts ten processes, each of which waits ten times.
func startWaiters(t *testing.T, root string) []*reexec.Process {
	t.Helper()
	processes := make([]*reexec.Process, 10)
	for i := range processes {
		processes[i] = reexec.Start(t, "wait", root)
	}
	wantAll(t, processes, "waiting")
	return processes
}

func wantAll(t *testing.T, processes []*reexec.Process, line string) {
	t.Helper()
	for _, p := range processes {
		p.Want(t, line)
	}
}

func mustTry(t *testing.T, l *filelock.Locks) (unlock func()) {
	t.Helper()
	give, ok, err := l.Try(name)
	if err != nil || !ok {
		t.Fatalf("Try = %v, %v; want the lock", ok, err)
	}
	return func() {
		t.Helper()
		if err := give(); err != nil {
			t.Error(err)
		}
	}
}

func wantRefused(t *testing.T, l *filelock.Locks) {
	t.Helper()
	if unlock, ok, err := l.Try(name); ok || err != nil || unlock != nil {
		t.Errorf("Try of a held lock = %v, %v, want it refused", ok, err)
	}
}

func wantFree(t *testing.T, l *filelock.Locks) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	if err := l.Wait(ctx, name); err != nil {
		t.Errorf("Wait where nobody holds the lock exclusively = %v", err)
	}
}

func TestTry_ExcludesOtherProcesses(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"hold", "try"} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			root := filepath.Join(t.TempDir(), "root")
			l := filelock.New(root)
			holder := reexec.Start(t, word, root)
			holder.Want(t, word)
			wantRefused(t, l)
			if rest := holder.Rest(t); rest != "end of "+word {
				t.Fatal(rest)
			}
			unlock := mustTry(t, l)
			wantRefused(t, l)
			wantBusy(t, l)
			unlock()
			mustLock(t, l)() // a Lock that gave up may hold it for a moment
		})
	}
}

// TestTry_OneWins checks that one of many concurrent processes gets the lock.
func TestTry_OneWins(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	processes := make([]*reexec.Process, 10)
	for i := range processes {
		processes[i] = reexec.Start(t, "try", root)
	}
	answers := map[string]int{}
	for _, p := range processes {
		answers[p.Line(t)]++
	}
	if answers["try"] != 1 || answers[errRefused.Error()] != len(processes)-1 {
		t.Errorf("the processes wrote %v, want one to get in and all others to be refused", answers)
	}
}

// TestShared checks that a shared holder lets Wait return and refuses Try.
func TestShared(t *testing.T) {
	t.Parallel()
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	mustTry(t, l)()
	shared := flock.New(l.Path(name), flock.SetFlag(os.O_RDWR))
	if err := shared.RLock(); err != nil {
		t.Fatal(err)
	}
	wantFree(t, l)
	wantRefused(t, l)
	if err := shared.Unlock(); err != nil {
		t.Fatal(err)
	}
	wantFree(t, l)
	mustTry(t, l)()
}

func TestWait_AllGetThrough(t *testing.T) {
	t.Parallel()
	for how, end := range map[string]func(*reexec.Process) error{
		"the holder ends":      func(p *reexec.Process) error { return p.Stdin.Close() },
		"the holder is killed": func(p *reexec.Process) error { return p.Cmd.Process.Kill() },
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			root := filepath.Join(t.TempDir(), "root")
			holder := reexec.Start(t, "try", root)
			holder.Want(t, "try")
			processes := startWaiters(t, root)
			wantRefused(t, filelock.New(root))
			if err := end(holder); err != nil {
				t.Fatal(err)
			}
			wantAll(t, processes, "through")
			mustLock(t, filelock.New(root))()
		})
	}
}

// TestWait_EndsWithItsContext checks that Wait returns when its context is done, and that a lock
// which arrives later is released.
func TestWait_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	holder := reexec.Start(t, "hold", root)
	holder.Want(t, "hold")
	l := filelock.New(root)
	for range 10 {
		p := newSignalContext()
		answer := mustStartWait(t, l, p)
		close(p.end)
		if err := <-answer; !errors.Is(err, helper.ErrBusy) || !errors.Is(err, context.Canceled) {
			t.Errorf("Wait = %v; want ErrBusy and the context's error", err)
		}
	}
	if rest := holder.Rest(t); rest != "end of hold" {
		t.Fatal(rest)
	}
	mustLock(t, l)()
}

func TestWait_EndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := filelock.New(filepath.Join(t.TempDir(), "root")).Wait(ctx, name)
	if !errors.Is(err, helper.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v; want ErrBusy and the context's error", err)
	}
}

func TestWait_CreatesNothing(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	wantFree(t, l)
	if _, err := os.Lstat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it made the root: %v", err)
	}
	mustTry(t, l)()
	if err := l.Remove(name); err != nil {
		t.Fatal(err)
	}
	wantFree(t, l)
	if files, err := l.Files(); err != nil || len(files) > 0 {
		t.Errorf("it made %v, %v", files, err)
	}
}

// TestTry_Excludes is TestLock_Excludes with Try, and Wait after a refusal: some holders delete the
// file.
func TestTry_Excludes(t *testing.T) {
	t.Parallel()
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	var inside, entered atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for entered.Load() < 300 {
				unlock, ok, err := l.Try(name)
				if err == nil && !ok {
					err = l.Wait(t.Context(), name)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if !ok {
					continue
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				runtime.Gosched()
				inside.Add(-1)
				if entered.Add(1)%3 == 0 {
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

func TestGate_Names(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	l := filelock.New(root)
	for _, bad := range []string{"", "work", "../x", name + "/..", "signin-../x"} {
		if _, _, err := l.Try(bad); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("Try(%q) = %v, want ErrInvalid", bad, err)
		}
		if err := l.Wait(t.Context(), bad); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("Wait(%q) = %v, want ErrInvalid", bad, err)
		}
	}
	unlock, ok, err := l.Try(name + "/gate")
	if err != nil || !ok {
		t.Fatalf("Try = %v, %v", ok, err)
	}
	mustTry(t, l)() // the sign-in's own lock is another one
	if _, err := os.Lstat(filepath.Join(root, "locks", name+".gate.lock")); err != nil {
		t.Error(err)
	}
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

func TestGate_RefusesUnsafeFile(t *testing.T) {
	t.Parallel()
	parts.NeedSymlinks(t)
	l := filelock.New(filepath.Join(t.TempDir(), "root"))
	mustTry(t, l)()
	path := l.Path(name)
	if err := errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.Try(name); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("Try through a symbolic link = %v, want ErrUnsafe", err)
	}
	if err := l.Wait(t.Context(), name); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("Wait through a symbolic link = %v, want ErrUnsafe", err)
	}
}
