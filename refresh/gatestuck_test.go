package refresh_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/refresh"
)

// take acquires a lock, as another process would.
func (env *gateEnvironment) take(t *testing.T, lock string) (unlock func() error) {
	t.Helper()
	unlock, ok, err := env.locks.Try(lock)
	if err != nil || !ok {
		t.Fatalf("%s is taken: %v", lock, err)
	}
	return unlock
}

// callFor starts n callers with a deadline after d.
func (env *gateEnvironment) callFor(t *testing.T, d time.Duration, n int) <-chan callResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return env.call(ctx, n)
}

// TestGate_StuckCaller checks that a stopped caller that holds the gate does not keep the others from a token: they go
// on without it, and one of them starts a worker.
func TestGate_StuckCaller(t *testing.T) {
	gateTest(t, "a token is stored", func(t *testing.T, env *gateEnvironment) {
		unlock := env.hold(t)
		got := env.callFor(t, 30*time.Second, 3)
		env.renew(t)
		wantAll(t, got, 3, "access2", nil)
		env.wantStarts(t, 0)
		_ = unlock()
	})
	gateTest(t, "nothing is stored", func(t *testing.T, env *gateEnvironment) {
		unlock := env.hold(t)
		got := env.callFor(t, 30*time.Second, 10)
		<-time.After(3 * time.Second)
		synctest.Wait()
		env.wantStarts(t, 1)
		env.renew(t)
		env.workers[0].reply(t)
		wantAll(t, got, 10, "access2", nil)
		env.wantStarts(t, 1)
		_ = unlock()
	})
	gateTest(t, "two are stuck", func(t *testing.T, env *gateEnvironment) {
		unlock, next := env.hold(t), env.take(t, refresh.NextName(gateID))
		got := env.callFor(t, 30*time.Second, 1)
		<-time.After(5 * time.Second)
		synctest.Wait()
		env.wantStarts(t, 1)
		env.renew(t)
		env.workers[0].reply(t)
		wantAll(t, got, 1, "access2", nil)
		_, _ = unlock(), next()
	})
	gateTest(t, "little time", func(t *testing.T, env *gateEnvironment) {
		unlock := env.hold(t)
		got := env.callFor(t, 300*time.Millisecond, 1)
		<-time.After(150 * time.Millisecond)
		synctest.Wait()
		env.wantStarts(t, 1)
		env.renew(t)
		env.workers[0].reply(t)
		wantAll(t, got, 1, "access2", nil)
		_ = unlock()
	})
}

// TestGate_StoppedBeforeReply checks that a caller that was stopped until its reply expired returns what others have
// stored.
func TestGate_StoppedBeforeReply(t *testing.T) {
	gateTest(t, "for long", func(t *testing.T, env *gateEnvironment) {
		got := env.callFor(t, 30*time.Second, 1)
		late := env.workers[0]
		old, err := env.gate.Records.Read(t.Context(), "work")
		if err != nil {
			t.Fatal(err)
		}
		env.renew(t)
		late.replyWith(t, old.Credential)
		wantAll(t, got, 1, "access2", nil)
		env.wantStarts(t, 1)
	})
}

// replyWith replies with a credential of generation 1.
func (w *worker) replyWith(t *testing.T, c helper.Credential) {
	t.Helper()
	w.Records = helper.Records{Accounts: &accounts{}, Stores: helper.Router{"memory": &storetest.Memory{}}}
	a := helper.Account{Name: "work", ID: gateID, Store: "memory", Generation: c.Generation}
	w.Records.Accounts.(*accounts).all = map[string]helper.Account{"work": a}
	if _, err := w.Records.Write(t.Context(), a, c, ""); err != nil {
		t.Fatal(err)
	}
	w.Now = func() time.Time { return c.ObtainedAt } // it replied before that expired
	if err := w.Serve(t.Context(), helper.Demand{Account: "work"}, w); err != nil {
		t.Error(err)
	}
}

// TestGate_WorkerAtWork checks that no second worker is started while one is running, and that a caller's error names
// its process.
func TestGate_WorkerAtWork(t *testing.T) {
	gateTest(t, "it stores", func(t *testing.T, env *gateEnvironment) {
		unlock := env.take(t, string(gateID))
		got := env.callFor(t, 30*time.Second, 10)
		<-time.After(20 * time.Second)
		env.wantStarts(t, 0)
		env.renew(t)
		_ = unlock()
		wantAll(t, got, 10, "access2", nil)
		env.wantStarts(t, 0)
	})
	gateTest(t, "it stays", func(t *testing.T, env *gateEnvironment) {
		unlock := env.take(t, string(gateID))
		env.gate.Holder = func(lock string) string { return "the holder of " + lock }
		got := <-env.callFor(t, 30*time.Second, 1)
		want := `account "work": wait for the refresh of another caller (the holder of ` + string(gateID) +
			`): held by another process`
		if !errors.Is(got.err, helper.ErrBusy) || got.err.Error() != want {
			t.Errorf("error %q, want %q", got.err, want)
		}
		env.wantStarts(t, 0)
		_ = unlock()
	})
	gateTest(t, "it is stopped after it has stored", func(t *testing.T, env *gateEnvironment) {
		unlock := env.take(t, string(gateID))
		got := env.callFor(t, 30*time.Second, 1)
		<-time.After(25 * time.Second)
		env.renew(t)
		wantAll(t, got, 1, "access2", nil)
		_ = unlock()
	})
	gateTest(t, "the system does not say which", func(t *testing.T, env *gateEnvironment) {
		unlock := env.take(t, string(gateID))
		env.gate.Holder = func(string) string { return "" }
		if got := <-env.callFor(t, time.Second, 1); got.err == nil || strings.Contains(got.err.Error(), "(") {
			t.Errorf("error %v", got.err)
		}
		_ = unlock()
	})
	gateTest(t, "it came between the look and the start", func(t *testing.T, env *gateEnvironment) {
		got := env.callFor(t, 30*time.Second, 1)
		unlock := env.take(t, string(gateID))
		env.workers[0].serveBehind(t, env)
		env.wantStarts(t, 1)
		env.renew(t)
		_ = unlock()
		wantAll(t, got, 1, "access2", nil)
		env.wantStarts(t, 1)
	})
	gateTest(t, "it came between, and failed", func(t *testing.T, env *gateEnvironment) {
		got := env.callFor(t, 30*time.Second, 1)
		unlock := env.take(t, string(gateID))
		env.workers[0].serveBehind(t, env)
		_ = unlock()
		synctest.Wait()
		env.wantStarts(t, 2)
		env.renew(t)
		env.workers[1].reply(t)
		wantAll(t, got, 1, "access2", nil)
	})
}

// serveBehind serves the demand with a WorkLock that another worker holds.
func (w *worker) serveBehind(t *testing.T, of *gateEnvironment) {
	t.Helper()
	w.Locker = refresh.NewWorkLock(of.locks)
	w.reply(t)
	synctest.Wait()
}

// TestGate_HandOnce checks that after a person's worker has died, the next one does not present a refresh token that
// may be spent.
func TestGate_HandOnce(t *testing.T) {
	gateTest(t, "a worker dies", func(t *testing.T, env *gateEnvironment) {
		got := make(chan callResult, 1)
		go func() {
			rec, err := env.gate.Refresh(t.Context(), helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonHand})
			got <- callResult{rec, err}
		}()
		synctest.Wait()
		_ = env.workers[0].Close()
		synctest.Wait()
		if first, second := env.workers[0].demand.Reason, env.workers[1].demand.Reason; first != helper.ReasonHand ||
			second != helper.ReasonExpiry {
			t.Errorf("the workers were started for %q and %q", first, second)
		}
		env.workers[1].refuses()
		wantAll(t, got, 1, "", helper.ErrTemporary)
	})
}

// TestWorkLock checks that the first Lock does not wait and later ones do.
func TestWorkLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locks := newGateEnvironment(t).locks
		l := refresh.NewWorkLock(locks)
		other, _, err := locks.Try("a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Lock(t.Context(), "a"); !errors.Is(err, helper.ErrBusy) {
			t.Errorf("Lock of what another has = %v, want ErrBusy at once", err)
		}
		_ = other()
		first, err := l.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		again := make(chan error)
		go func() {
			second, err := l.Lock(t.Context(), "a")
			again <- errors.Join(err, second())
		}()
		synctest.Wait()
		if err := errors.Join(first(), <-again); err != nil {
			t.Errorf("Lock of what it had before: %v", err)
		}
		locks.fail = helper.ErrUnsafe
		if _, err := l.Lock(t.Context(), "b"); !errors.Is(err, helper.ErrUnsafe) {
			t.Errorf("Lock = %v, want ErrUnsafe", err)
		}
		if err := l.Remove("a"); err != nil || len(locks.removed) != 1 {
			t.Errorf("Remove = %v, and removed %q", err, locks.removed)
		}
	})
}

// TestGate_Aging checks that a caller with a valid token waits for no other caller or worker.
func TestGate_Aging(t *testing.T) {
	aging := helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonAging}
	for _, lock := range append(refresh.Gates(gateID)[:1], string(gateID)) {
		gateTest(t, lock, func(t *testing.T, env *gateEnvironment) {
			unlock := env.take(t, lock)
			got := make(chan callResult, 1)
			go func() {
				rec, err := env.gate.Refresh(t.Context(), aging)
				got <- callResult{rec, err}
			}()
			synctest.Wait()
			if lock == string(gateID) {
				env.workers[0].serveBehind(t, env)
			}
			wantAll(t, got, 1, "", helper.ErrBusy)
			_ = unlock()
		})
	}
}
