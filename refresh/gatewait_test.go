package refresh_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// gateTest runs the test in a synctest bubble, in which every wait is visible.
func gateTest(t *testing.T, name string, test func(t *testing.T, env *gateEnvironment)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			env := newGateEnvironment(t)
			test(t, env)
			synctest.Wait()
			env.wantFree(t)
		})
	})
}

// TestGate_Herd checks that one of many callers starts a worker, and that the others return what it stored, or why the
// next refresh is not due.
func TestGate_Herd(t *testing.T) {
	gateTest(t, "the worker stores", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 10)
		env.wantStarts(t, 1)
		env.renew(t)
		env.workers[0].reply(t)
		wantAll(t, got, 10, "access2", nil)
		env.wantStarts(t, 1)
		<-env.workers[0].closed
	})
	gateTest(t, "the worker fails", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 10)
		env.accounts.set(func(a *helper.Account) { a.NotBefore, a.Unanswered = env.gate.Now().Add(time.Minute), 1 })
		env.workers[0].refuses()
		wantAll(t, got, 10, "", helper.ErrTemporary)
		env.wantStarts(t, 1)
	})
	gateTest(t, "the worker's failure says nothing of the next", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 2)
		env.workers[0].refuses()
		synctest.Wait()
		env.wantStarts(t, 2)
		env.workers[1].refuses()
		wantAll(t, got, 2, "", helper.ErrTemporary)
	})
	gateTest(t, "another process stores", func(t *testing.T, env *gateEnvironment) {
		unlock := env.hold(t)
		got := env.call(t.Context(), 3)
		env.renew(t)
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 3, "access2", nil)
		env.wantStarts(t, 0)
	})
	gateTest(t, "stored before the gate was taken", func(t *testing.T, env *gateEnvironment) {
		env.renew(t)
		wantAll(t, env.call(t.Context(), 1), 1, "access2", nil)
		env.wantStarts(t, 0)
	})
	gateTest(t, "not due", func(t *testing.T, env *gateEnvironment) {
		env.accounts.set(func(a *helper.Account) { a.NotBefore = env.gate.Now().Add(time.Minute) })
		wantAll(t, env.call(t.Context(), 1), 1, "", helper.ErrTemporary)
		env.wantStarts(t, 0)
	})
	gateTest(t, "not due, but the journal may have the newer", func(t *testing.T, env *gateEnvironment) {
		env.accounts.set(func(a *helper.Account) { a.NotBefore, a.Generation = env.gate.Now().Add(time.Minute), 2 })
		got := env.call(t.Context(), 1)
		env.wantStarts(t, 1)
		env.workers[0].refuses()
		wantAll(t, got, 1, "", helper.ErrTemporary)
	})
}

// TestGate_WorkerDies checks that a worker without a reply is replaced once, unless it has stored a credential.
func TestGate_WorkerDies(t *testing.T) {
	gateTest(t, "once", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 3)
		_ = env.workers[0].Close()
		synctest.Wait()
		env.wantStarts(t, 2)
		env.renew(t)
		env.workers[1].reply(t)
		wantAll(t, got, 3, "access2", nil)
		env.wantStarts(t, 2)
	})
	gateTest(t, "once, in the middle of its reply", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 1)
		_, _ = env.workers[0].Write([]byte(`{"account":"work"`))
		_ = env.workers[0].Close()
		synctest.Wait()
		env.renew(t)
		env.workers[1].reply(t)
		wantAll(t, got, 1, "access2", nil)
	})
	gateTest(t, "twice", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 1)
		_ = env.workers[0].Close()
		synctest.Wait()
		_ = env.workers[1].Close()
		wantAll(t, got, 1, "", helper.ErrTemporary)
		env.wantStarts(t, 2)
	})
	gateTest(t, "after it has stored", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 1)
		env.renew(t)
		_ = env.workers[0].Close()
		wantAll(t, got, 1, "access2", nil)
		env.wantStarts(t, 1)
	})
}

// TestGate_OutOfTime checks that a caller that is out of time gets ErrBusy and releases the gate, while the worker
// continues.
func TestGate_OutOfTime(t *testing.T) {
	gateTest(t, "waiting for another caller", func(t *testing.T, env *gateEnvironment) {
		unlock := env.hold(t)
		ctx, cancel := context.WithCancel(t.Context())
		got := env.call(ctx, 2)
		cancel()
		wantAll(t, got, 2, "", helper.ErrBusy)
		env.wantStarts(t, 0)
		_ = unlock()
	})
	gateTest(t, "waiting to lead", func(t *testing.T, env *gateEnvironment) {
		unlock := env.hold(t)
		ctx, cancel := context.WithCancel(t.Context())
		var again func() error
		env.locks.locking = func() { again = env.hold(t) } // another caller was faster
		got := env.call(ctx, 1)
		_ = unlock()
		synctest.Wait()
		cancel()
		wantAll(t, got, 1, "", helper.ErrBusy)
		env.wantStarts(t, 0)
		_ = again()
	})
	gateTest(t, "waiting for the reply", func(t *testing.T, env *gateEnvironment) {
		ctx, cancel := context.WithCancel(t.Context())
		got := env.call(ctx, 1)
		cancel()
		wantAll(t, got, 1, "", helper.ErrBusy)
		env.wantFree(t)
		select {
		case <-env.workers[0].closed:
			t.Error("the pipe was closed before the worker had replied")
		default:
		}
		env.renew(t)
		env.workers[0].reply(t)
		<-env.workers[0].closed
		env.wantStarts(t, 1)
	})
}

// TestGate_Erased checks that no worker is started, and no gate left behind, if the account is erased or signed in
// again while the caller waits.
func TestGate_Erased(t *testing.T) {
	erase := func(env *gateEnvironment) { _ = env.accounts.Remove("work") }
	erasing := func(env *gateEnvironment) { env.accounts.set(func(a *helper.Account) { a.Erasing = true }) }
	for name, gone := range map[string]func(*gateEnvironment){"erased": erase, "being erased": erasing} {
		gateTest(t, name+" while another leads", func(t *testing.T, env *gateEnvironment) {
			unlock := env.hold(t)
			got := env.call(t.Context(), 2)
			gone(env)
			_ = unlock()
			wantAll(t, got, 2, "", helper.ErrNotFound)
			env.wantStarts(t, 0)
			env.wantRemoved(t, false)
		})
		gateTest(t, name+" while waiting to lead", func(t *testing.T, env *gateEnvironment) {
			unlock := env.hold(t)
			env.locks.locking = func() { gone(env) }
			got := env.call(t.Context(), 1)
			_ = unlock()
			wantAll(t, got, 1, "", helper.ErrNotFound)
			env.wantStarts(t, 0)
			env.wantRemoved(t, true)
		})
		gateTest(t, name+" when a worker died", func(t *testing.T, env *gateEnvironment) {
			got := env.call(t.Context(), 1)
			gone(env)
			_ = env.workers[0].Close()
			wantAll(t, got, 1, "", helper.ErrNotFound)
			env.wantStarts(t, 1)
			env.wantRemoved(t, true)
		})
	}
	gateTest(t, "before it began", func(t *testing.T, env *gateEnvironment) {
		erase(env)
		wantAll(t, env.call(t.Context(), 1), 1, "", helper.ErrNotFound)
		env.wantStarts(t, 0)
	})
	gateTest(t, "not erased", func(t *testing.T, env *gateEnvironment) {
		got := env.call(t.Context(), 1)
		env.workers[0].refuses()
		wantAll(t, got, 1, "", helper.ErrTemporary)
		env.wantRemoved(t, false)
	})
}

// wantRemoved checks whether the gate, and nothing else, was deleted.
func (env *gateEnvironment) wantRemoved(t *testing.T, want bool) {
	t.Helper()
	if got := env.locks.removed; (len(got) > 0) != want || want && got[0] != refresh.GateName(gateID) {
		t.Errorf("removed %q, want any: %t", got, want)
	}
}

// TestGate_Fails checks that errors of the gate are returned.
func TestGate_Fails(t *testing.T) {
	gateTest(t, "the lock", func(t *testing.T, env *gateEnvironment) {
		env.locks.fail = helper.ErrUnsafe
		wantAll(t, env.call(t.Context(), 1), 1, "", helper.ErrUnsafe)
		env.wantStarts(t, 0)
	})
	gateTest(t, "the start", func(t *testing.T, env *gateEnvironment) {
		env.fail = errors.New("no such program")
		wantAll(t, env.call(t.Context(), 1), 1, "", helper.ErrTemporary)
	})
	gateTest(t, "the unlock, beside the record", func(t *testing.T, env *gateEnvironment) {
		env.locks.failEnd = helper.ErrUnknown
		got := env.call(t.Context(), 1)
		env.renew(t)
		env.workers[0].reply(t)
		wantAll(t, got, 1, "access2", helper.ErrUnknown)
	})
}

// TestGate_Begin checks that Begin starts a worker in the background, unless there is a reason not to, and does not
// wait.
func TestGate_Begin(t *testing.T) {
	for _, c := range []struct {
		name   string
		given  func(*testing.T, *gateEnvironment)
		starts int
	}{
		{"the gate is free", func(*testing.T, *gateEnvironment) {}, 1},
		{"the gate is taken", func(t *testing.T, env *gateEnvironment) {
			unlock := env.hold(t)
			t.Cleanup(func() { _ = unlock() })
		}, 0},
		{"the gate fails", func(_ *testing.T, env *gateEnvironment) { env.locks.fail = helper.ErrUnsafe }, 0},
		{
			"the gate cannot be given back", func(_ *testing.T, env *gateEnvironment) { env.locks.failEnd = helper.ErrUnknown },
			0,
		},
		{"no such account", func(_ *testing.T, env *gateEnvironment) { _ = env.accounts.Remove("work") }, 0},
		{"no worker", func(_ *testing.T, env *gateEnvironment) { env.fail = errors.New("no such program") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newGateEnvironment(t)
			c.given(t, env)
			env.gate.Begin(expired())
			env.wantStarts(t, c.starts)
			for _, started := range env.workers {
				<-started.closed
				if !started.background {
					t.Error("the worker is not in the background")
				}
				env.wantFree(t) // for the worker to take
			}
		})
	}
}
