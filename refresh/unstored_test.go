package refresh_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// An unstoredEnvironment is an environment whose store and journal both fail to write.
type unstoredEnvironment struct {
	*environment
	reply   bytes.Buffer
	closed  bool
	pauses  []time.Duration // that began after the reply
	cancel  func()          // ends the process
	restore func()          // brings back what has vanished
}

// Write and Close implement the pipe to the caller.
func (env *unstoredEnvironment) Write(b []byte) (int, error) { return env.reply.Write(b) }

func (env *unstoredEnvironment) Close() error {
	env.closed = true
	return nil
}

// serveUnstored lets a worker refresh the credential of generation 2. It checks that the lock is free during each pause
// after the reply.
func serveUnstored(t *testing.T, inPause func(env *unstoredEnvironment, nth int)) *unstoredEnvironment {
	t.Helper()
	env := &unstoredEnvironment{environment: newEnvironment(t, refresh.ProfileOAuth), restore: func() {}}
	env.refreshOnce(t)
	env.clock.advance(life)
	env.store.fail = slices.Repeat([]error{helper.ErrLocked}, 1000)
	env.failAt("answer-before", 1, errors.New("no space"))
	ctx, cancel := context.WithCancel(timeoutContext(t))
	env.cancel = cancel
	id := string(env.read(t).Account.ID)
	env.rotation.After = func(d time.Duration) <-chan time.Time {
		if env.closed {
			env.pauses = append(env.pauses, d)
			if env.rotation.Locker.(*locker).isHeld(id) {
				t.Error("the lock is held during a pause")
			}
			inPause(env, len(env.pauses))
		}
		c := make(chan time.Time, 1)
		c <- time.Time{}
		return c
	}
	if err := env.rotation.Serve(ctx, helper.Demand{Account: "work", Generation: 2}, env); err != nil {
		t.Error(err)
	}
	if !env.closed {
		t.Error("the pipe is open still")
	}
	return env
}

// repairStore makes the store work again.
func (env *unstoredEnvironment) repairStore() {
	env.store.mu.Lock()
	defer env.store.mu.Unlock()
	env.store.fail = nil
}

// TestServe_Insists checks that a credential that could not be saved is stored later, with increasing pauses, after the
// caller has its reply.
func TestServe_Insists(t *testing.T) {
	env := serveUnstored(t, func(env *unstoredEnvironment, nth int) {
		if !bytes.Contains(env.reply.Bytes(), []byte(`"not-stored"`)) {
			t.Errorf("the caller was told %q", env.reply.Bytes())
		}
		if nth == 7 {
			env.repairStore()
		}
	})
	want := []time.Duration{
		time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second,
		10 * time.Second, 10 * time.Second,
	}
	if diff := cmp.Diff(want, env.pauses); diff != "" {
		t.Errorf("the pauses (-want +got):\n%s", diff)
	}
	env.wantStored(t, "work")
}

// wantStored checks that the new credential is stored and can be refreshed.
func (env *unstoredEnvironment) wantStored(t *testing.T, account string) {
	t.Helper()
	rec, err := env.rotation.Records.Read(t.Context(), account)
	if err != nil || rec.Credential.Generation != 3 || rec.Account.Generation != 3 || rec.Account.Unanswered != 0 ||
		!rec.Account.NotBefore.IsZero() || rec.Credential.Refused != "" {
		t.Errorf("stored generation %d (%+v), error %v; want 3 and nothing to heed", rec.Credential.Generation, rec.Account,
			err)
	}
	if !env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
		t.Error("the server does not accept the stored token")
	}
	env.wantRequests(t, authserver.GrantRefresh, 2)
	env.wantRequests(t, authserver.GrantRevoke, 0)
	env.wantNoJournal(t)
}

// TestServe_InsistsDespite checks that actions of other processes between two tries do not lose the credential.
func TestServe_InsistsDespite(t *testing.T) {
	for name, meanwhile := range map[string]func(t *testing.T, env *unstoredEnvironment){
		"a get, which is told that the stored one is spent": func(t *testing.T, env *unstoredEnvironment) {
			if _, err := env.refresh(t); !errors.Is(err, helper.ErrSignInRequired) {
				t.Errorf("the next refresh: error %v, want ErrSignInRequired", err)
			}
		},
		"a refusal that was noted": func(t *testing.T, env *unstoredEnvironment) {
			rec := env.read(t)
			rec.Credential.Refused = "somebody presented it again"
			env.write(t, rec)
		},
		"a store that cannot be read": func(_ *testing.T, env *unstoredEnvironment) {
			env.failAt("reread", 1, helper.ErrLocked)
		},
		"a lock that is busy": func(_ *testing.T, env *unstoredEnvironment) { env.failAt("lock", 1, helper.ErrBusy) },
		"an account file that is absent": func(_ *testing.T, env *unstoredEnvironment) {
			a, _ := env.accounts.Load("work")
			_ = env.accounts.Remove("work")
			env.restore = func() { env.accounts.set(func(found *helper.Account) { *found = a }) }
		},
		"an item that is absent": func(t *testing.T, env *unstoredEnvironment) {
			id := string(env.read(t).Account.ID)
			item, v, err := env.store.Get(t.Context(), id)
			if err = errors.Join(err, env.store.Delete(t.Context(), id, v)); err != nil {
				t.Fatal(err)
			}
			env.restore = func() { _, _ = env.store.Memory.Put(t.Context(), id, item, "") }
		},
		"an account file that is locked": func(_ *testing.T, env *unstoredEnvironment) { env.accounts.fail = helper.ErrFull },
	} {
		t.Run(name, func(t *testing.T) {
			env := serveUnstored(t, func(env *unstoredEnvironment, nth int) {
				switch nth {
				case 1:
					meanwhile(t, env)
				case 3:
					env.repairStore()
					env.restore()
				}
			})
			env.wantStored(t, "work")
		})
	}
}

func (env *unstoredEnvironment) write(t *testing.T, rec helper.Record) {
	t.Helper()
	env.repairStore()
	if _, err := env.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
		t.Fatal(err)
	}
	env.store.fail = slices.Repeat([]error{helper.ErrLocked}, 1000)
}

// TestServe_InsistsAfterARename checks that a rename does not end the retries, even while the new name cannot be found.
func TestServe_InsistsAfterARename(t *testing.T) {
	env := serveUnstored(t, func(env *unstoredEnvironment, nth int) {
		switch nth {
		case 1:
			a := env.read(t).Account
			_ = env.accounts.Remove("work")
			_, _ = env.accounts.Update("play", func(found *helper.Account) error {
				a.Name = "play"
				*found = a
				return nil
			})
			env.accounts.failList = helper.ErrUnavailable
		case 2:
			env.accounts.failList = nil
			env.repairStore()
		}
	})
	env.wantStored(t, "play")
}

// TestServe_InsistsNoMore checks that a new sign-in, an erase and a newer credential between two tries take precedence.
func TestServe_InsistsNoMore(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(t *testing.T, env *unstoredEnvironment)
		revoked   int
	}{
		{"erase has begun", func(_ *testing.T, env *unstoredEnvironment) {
			env.accounts.set(func(a *helper.Account) { a.Erasing = true })
		}, 1},
		{"signed in again", func(t *testing.T, env *unstoredEnvironment) { env.signIn(t, refresh.ProfileOAuth) }, 1},
		{"a newer one is stored", func(t *testing.T, env *unstoredEnvironment) {
			rec := env.read(t)
			rec.Credential.Generation = 3
			env.write(t, rec)
		}, 0},
		{"the process ends", func(_ *testing.T, env *unstoredEnvironment) { env.cancel() }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrote := 0
			env := serveUnstored(t, func(env *unstoredEnvironment, nth int) {
				if nth > 1 {
					t.Fatal("it goes on")
				}
				env.repairStore()
				c.meanwhile(t, env)
				wrote = env.store.wrote
			})
			if env.store.wrote != wrote || len(env.pauses) != 1 {
				t.Errorf("after %d pauses something was stored: %t", len(env.pauses), env.store.wrote != wrote)
			}
			env.wantRequests(t, authserver.GrantRevoke, c.revoked)
		})
	}
}

// TestServe_JournalSuffices checks that a credential in the journal is left to the next rotation.
func TestServe_JournalSuffices(t *testing.T) {
	env := &unstoredEnvironment{environment: newEnvironment(t, refresh.ProfileOAuth)}
	env.refreshOnce(t)
	env.clock.advance(life)
	env.store.fail = slices.Repeat([]error{helper.ErrLocked}, 1000)
	if err := env.rotation.Serve(timeoutContext(t), helper.Demand{Account: "work", Generation: 2}, env); err != nil ||
		!env.closed {
		t.Errorf("error %v; the pipe is closed: %t", err, env.closed)
	}
	if tries := 1000 - len(env.store.fail); tries != 5 {
		t.Errorf("%d tries, want 5", tries)
	}
}

// TestServe_SendTime checks that a worker that has waited too long for the lock sends nothing, although its process
// continues.
func TestServe_SendTime(t *testing.T) {
	env := &unstoredEnvironment{environment: newEnvironment(t, refresh.ProfileOAuth)}
	unlock, err := env.rotation.Locker.Lock(timeoutContext(t), string(env.read(t).Account.ID))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unlock() }()
	env.rotation.SendTime = time.Nanosecond
	ctx := timeoutContext(t)
	if err := errors.Join(env.rotation.Serve(ctx, helper.Demand{Account: "work", Generation: 1}, env),
		ctx.Err()); err != nil {
		t.Error(err)
	}
	if !bytes.Contains(env.reply.Bytes(), []byte(`"busy"`)) {
		t.Errorf("the caller was told %q", env.reply.Bytes())
	}
	env.wantRequests(t, authserver.GrantRefresh, 0)
}
