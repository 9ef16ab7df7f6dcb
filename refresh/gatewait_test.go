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

// gateTest runs the test where the time stands still and every wait is seen.
func gateTest(t *testing.T, name string, test func(t *testing.T, w *gateWorld)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := newGateWorld(t)
			test(t, w)
			synctest.Wait()
			w.wantFree(t)
		})
	})
}

// One of many callers starts a worker; the others wait, and take what it stored
// or the reason why the next refresh is not due.
func TestGate_Herd(t *testing.T) {
	gateTest(t, "the worker stores", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 10)
		w.wantStarts(t, 1)
		w.renew(t)
		w.workers[0].reply(t)
		wantAll(t, got, 10, "access2", nil)
		w.wantStarts(t, 1)
		<-w.workers[0].closed
	})
	gateTest(t, "the worker fails", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 10)
		w.accounts.set(func(a *helper.Account) { a.NotBefore, a.Unanswered = w.gate.Now().Add(time.Minute), 1 })
		w.workers[0].refuses()
		wantAll(t, got, 10, "", helper.ErrTemporary)
		w.wantStarts(t, 1)
	})
	gateTest(t, "the worker's failure says nothing of the next", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 2)
		w.workers[0].refuses()
		synctest.Wait()
		w.wantStarts(t, 2)
		w.workers[1].refuses()
		wantAll(t, got, 2, "", helper.ErrTemporary)
	})
	gateTest(t, "another process stores", func(t *testing.T, w *gateWorld) {
		unlock := w.hold(t)
		got := w.call(t.Context(), 3)
		w.renew(t)
		if err := unlock(); err != nil {
			t.Fatal(err)
		}
		wantAll(t, got, 3, "access2", nil)
		w.wantStarts(t, 0)
	})
	gateTest(t, "stored before the gate was taken", func(t *testing.T, w *gateWorld) {
		w.renew(t)
		wantAll(t, w.call(t.Context(), 1), 1, "access2", nil)
		w.wantStarts(t, 0)
	})
	gateTest(t, "not due", func(t *testing.T, w *gateWorld) {
		w.accounts.set(func(a *helper.Account) { a.NotBefore = w.gate.Now().Add(time.Minute) })
		wantAll(t, w.call(t.Context(), 1), 1, "", helper.ErrTemporary)
		w.wantStarts(t, 0)
	})
	gateTest(t, "not due, but the journal may have the newer", func(t *testing.T, w *gateWorld) {
		w.accounts.set(func(a *helper.Account) { a.NotBefore, a.Generation = w.gate.Now().Add(time.Minute), 2 })
		got := w.call(t.Context(), 1)
		w.wantStarts(t, 1)
		w.workers[0].refuses()
		wantAll(t, got, 1, "", helper.ErrTemporary)
	})
}

// A worker that ends without a reply is replaced once, and not if it has stored.
func TestGate_WorkerDies(t *testing.T) {
	gateTest(t, "once", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 3)
		_ = w.workers[0].Close()
		synctest.Wait()
		w.wantStarts(t, 2)
		w.renew(t)
		w.workers[1].reply(t)
		wantAll(t, got, 3, "access2", nil)
		w.wantStarts(t, 2)
	})
	gateTest(t, "once, in the middle of its reply", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 1)
		_, _ = w.workers[0].Write([]byte(`{"account":"work"`))
		_ = w.workers[0].Close()
		synctest.Wait()
		w.renew(t)
		w.workers[1].reply(t)
		wantAll(t, got, 1, "access2", nil)
	})
	gateTest(t, "twice", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 1)
		_ = w.workers[0].Close()
		synctest.Wait()
		_ = w.workers[1].Close()
		wantAll(t, got, 1, "", helper.ErrTemporary)
		w.wantStarts(t, 2)
	})
	gateTest(t, "after it has stored", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 1)
		w.renew(t)
		_ = w.workers[0].Close()
		wantAll(t, got, 1, "access2", nil)
		w.wantStarts(t, 1)
	})
}

// A caller that is out of time is told so, and gives the gate back; the worker
// goes on, with somebody to take its reply.
func TestGate_OutOfTime(t *testing.T) {
	gateTest(t, "waiting for another caller", func(t *testing.T, w *gateWorld) {
		unlock := w.hold(t)
		ctx, cancel := context.WithCancel(t.Context())
		got := w.call(ctx, 2)
		cancel()
		wantAll(t, got, 2, "", helper.ErrBusy)
		w.wantStarts(t, 0)
		_ = unlock()
	})
	gateTest(t, "waiting to lead", func(t *testing.T, w *gateWorld) {
		unlock := w.hold(t)
		ctx, cancel := context.WithCancel(t.Context())
		var again func() error
		w.locks.locking = func() { again = w.hold(t) } // another caller was faster
		got := w.call(ctx, 1)
		_ = unlock()
		synctest.Wait()
		cancel()
		wantAll(t, got, 1, "", helper.ErrBusy)
		w.wantStarts(t, 0)
		_ = again()
	})
	gateTest(t, "waiting for the reply", func(t *testing.T, w *gateWorld) {
		ctx, cancel := context.WithCancel(t.Context())
		got := w.call(ctx, 1)
		cancel()
		wantAll(t, got, 1, "", helper.ErrBusy)
		w.wantFree(t)
		select {
		case <-w.workers[0].closed:
			t.Error("the pipe was closed before the worker had replied")
		default:
		}
		w.renew(t)
		w.workers[0].reply(t)
		<-w.workers[0].closed
		w.wantStarts(t, 1)
	})
}

// What a caller waits for may be erased, or signed in anew, meanwhile. No
// worker is started, and taking the gate leaves nothing behind.
func TestGate_Erased(t *testing.T) {
	erase := func(w *gateWorld) { _ = w.accounts.Remove("work") }
	erasing := func(w *gateWorld) { w.accounts.set(func(a *helper.Account) { a.Erasing = true }) }
	for name, gone := range map[string]func(*gateWorld){"erased": erase, "being erased": erasing} {
		gateTest(t, name+" while another leads", func(t *testing.T, w *gateWorld) {
			unlock := w.hold(t)
			got := w.call(t.Context(), 2)
			gone(w)
			_ = unlock()
			wantAll(t, got, 2, "", helper.ErrNotFound)
			w.wantStarts(t, 0)
			w.wantRemoved(t, false)
		})
		gateTest(t, name+" while waiting to lead", func(t *testing.T, w *gateWorld) {
			unlock := w.hold(t)
			w.locks.locking = func() { gone(w) }
			got := w.call(t.Context(), 1)
			_ = unlock()
			wantAll(t, got, 1, "", helper.ErrNotFound)
			w.wantStarts(t, 0)
			w.wantRemoved(t, true)
		})
		gateTest(t, name+" when a worker died", func(t *testing.T, w *gateWorld) {
			got := w.call(t.Context(), 1)
			gone(w)
			_ = w.workers[0].Close()
			wantAll(t, got, 1, "", helper.ErrNotFound)
			w.wantStarts(t, 1)
			w.wantRemoved(t, true)
		})
	}
	gateTest(t, "before it began", func(t *testing.T, w *gateWorld) {
		erase(w)
		wantAll(t, w.call(t.Context(), 1), 1, "", helper.ErrNotFound)
		w.wantStarts(t, 0)
	})
	gateTest(t, "not erased", func(t *testing.T, w *gateWorld) {
		got := w.call(t.Context(), 1)
		w.workers[0].refuses()
		wantAll(t, got, 1, "", helper.ErrTemporary)
		w.wantRemoved(t, false)
	})
}

// wantRemoved wants the gate, and nothing else, to be deleted or not.
func (w *gateWorld) wantRemoved(t *testing.T, want bool) {
	t.Helper()
	if got := w.locks.removed; (len(got) > 0) != want || want && got[0] != refresh.GateName(gateID) {
		t.Errorf("removed %q, want any: %t", got, want)
	}
}

// What fails at the gate itself is told.
func TestGate_Fails(t *testing.T) {
	gateTest(t, "the lock", func(t *testing.T, w *gateWorld) {
		w.locks.fail = helper.ErrUnsafe
		wantAll(t, w.call(t.Context(), 1), 1, "", helper.ErrUnsafe)
		w.wantStarts(t, 0)
	})
	gateTest(t, "the start", func(t *testing.T, w *gateWorld) {
		w.fail = errors.New("no such program")
		wantAll(t, w.call(t.Context(), 1), 1, "", helper.ErrTemporary)
	})
	gateTest(t, "the unlock, beside the record", func(t *testing.T, w *gateWorld) {
		w.locks.failEnd = helper.ErrUnknown
		got := w.call(t.Context(), 1)
		w.renew(t)
		w.workers[0].reply(t)
		wantAll(t, got, 1, "access2", helper.ErrUnknown)
	})
}

// Begin starts a worker in the background, unless there is a reason not to, and
// waits for nothing.
func TestGate_Begin(t *testing.T) {
	for _, c := range []struct {
		name   string
		given  func(*testing.T, *gateWorld)
		starts int
	}{
		{"the gate is free", func(*testing.T, *gateWorld) {}, 1},
		{"the gate is taken", func(t *testing.T, w *gateWorld) {
			unlock := w.hold(t)
			t.Cleanup(func() { _ = unlock() })
		}, 0},
		{"the gate fails", func(_ *testing.T, w *gateWorld) { w.locks.fail = helper.ErrUnsafe }, 0},
		{"the gate cannot be given back", func(_ *testing.T, w *gateWorld) { w.locks.failEnd = helper.ErrUnknown }, 0},
		{"no such account", func(_ *testing.T, w *gateWorld) { _ = w.accounts.Remove("work") }, 0},
		{"no worker", func(_ *testing.T, w *gateWorld) { w.fail = errors.New("no such program") }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newGateWorld(t)
			c.given(t, w)
			w.gate.Begin(expired())
			w.wantStarts(t, c.starts)
			for _, started := range w.workers {
				<-started.closed
				if !started.background {
					t.Error("the worker is not in the background")
				}
				w.wantFree(t) // for the worker to take
			}
		})
	}
}
