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

// A heldWorld is one whose store takes nothing and whose journal keeps no answer.
type heldWorld struct {
	*world
	reply  bytes.Buffer
	closed bool
	pauses []time.Duration // that began after the reply
	cancel func()          // ends the process
	back   func()          // brings back what has vanished
}

// Write and Close are of the pipe to the caller.
func (w *heldWorld) Write(b []byte) (int, error) { return w.reply.Write(b) }

func (w *heldWorld) Close() error {
	w.closed = true
	return nil
}

// serveHeld lets a worker replace the credential of generation 2. It wants the lock
// to be free whenever a pause begins after the reply.
func serveHeld(t *testing.T, inPause func(w *heldWorld, nth int)) *heldWorld {
	t.Helper()
	w := &heldWorld{world: newWorld(t, refresh.ProfileOAuth), back: func() {}}
	w.primed(t)
	w.clock.advance(life)
	w.store.fail = slices.Repeat([]error{helper.ErrLocked}, 1000)
	w.failAt("answer-before", 1, errors.New("no space"))
	ctx, cancel := context.WithCancel(soon(t))
	w.cancel = cancel
	id := string(w.read(t).Account.ID)
	w.rotation.After = func(d time.Duration) <-chan time.Time {
		if w.closed {
			w.pauses = append(w.pauses, d)
			if w.rotation.Locker.(*locker).taken(id) {
				t.Error("the lock is held during a pause")
			}
			inPause(w, len(w.pauses))
		}
		c := make(chan time.Time, 1)
		c <- time.Time{}
		return c
	}
	if err := w.rotation.Serve(ctx, helper.Demand{Account: "work", Generation: 2}, w); err != nil {
		t.Error(err)
	}
	if !w.closed {
		t.Error("the pipe is open still")
	}
	return w
}

// mend lets the store take what it is given.
func (w *heldWorld) mend() {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.fail = nil
}

// What neither the store nor the journal takes is tried again after the caller
// has its answer, ever more seldom.
func TestServe_Insists(t *testing.T) {
	w := serveHeld(t, func(w *heldWorld, nth int) {
		if !bytes.Contains(w.reply.Bytes(), []byte(`"not-stored"`)) {
			t.Errorf("the caller was told %q", w.reply.Bytes())
		}
		if nth == 7 {
			w.mend()
		}
	})
	want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second}
	if diff := cmp.Diff(want, w.pauses); diff != "" {
		t.Errorf("the pauses (-want +got):\n%s", diff)
	}
	w.wantStored(t, "work")
}

// wantStored wants what the refresh brought to be stored, and to be good.
func (w *heldWorld) wantStored(t *testing.T, account string) {
	t.Helper()
	rec, err := w.rotation.Records.Read(t.Context(), account)
	if err != nil || rec.Credential.Generation != 3 || rec.Account.Generation != 3 || rec.Account.Unanswered != 0 || !rec.Account.NotBefore.IsZero() || rec.Credential.Refused != "" {
		t.Errorf("stored generation %d (%+v), error %v; want 3 and nothing to heed", rec.Credential.Generation, rec.Account, err)
	}
	if !w.server.Accepts(rec.Credential.AccessToken.Reveal()) {
		t.Error("the server does not accept the stored token")
	}
	w.wantRequests(t, authserver.GrantRefresh, 2)
	w.wantRequests(t, authserver.GrantRevoke, 0)
	w.wantEmpty(t)
}

// What others do between two tries does not lose the credential.
func TestServe_InsistsDespite(t *testing.T) {
	for name, meanwhile := range map[string]func(t *testing.T, w *heldWorld){
		"a get, which is told that the stored one is spent": func(t *testing.T, w *heldWorld) {
			if _, err := w.refresh(t); !errors.Is(err, helper.ErrSignInRequired) {
				t.Errorf("the next refresh: error %v, want ErrSignInRequired", err)
			}
		},
		"a refusal that was noted": func(t *testing.T, w *heldWorld) {
			rec := w.read(t)
			rec.Credential.Refused = "somebody presented it again"
			w.write(t, rec)
		},
		"a store that cannot be read": func(_ *testing.T, w *heldWorld) {
			w.failAt("reread", 1, helper.ErrLocked)
		},
		"a lock that is busy": func(_ *testing.T, w *heldWorld) { w.failAt("lock", 1, helper.ErrBusy) },
		"an account file that is absent": func(_ *testing.T, w *heldWorld) {
			a, _ := w.accounts.Load("work")
			_ = w.accounts.Remove("work")
			w.back = func() { w.accounts.set(func(found *helper.Account) { *found = a }) }
		},
		"an item that is absent": func(t *testing.T, w *heldWorld) {
			id := string(w.read(t).Account.ID)
			item, v, err := w.store.Get(t.Context(), id)
			if err = errors.Join(err, w.store.Delete(t.Context(), id, v)); err != nil {
				t.Fatal(err)
			}
			w.back = func() { _, _ = w.store.Memory.Put(t.Context(), id, item, "") }
		},
		"an account file that is locked": func(_ *testing.T, w *heldWorld) { w.accounts.fail = helper.ErrFull },
	} {
		t.Run(name, func(t *testing.T) {
			w := serveHeld(t, func(w *heldWorld, nth int) {
				switch nth {
				case 1:
					meanwhile(t, w)
				case 3:
					w.mend()
					w.back()
				}
			})
			w.wantStored(t, "work")
		})
	}
}

func (w *heldWorld) write(t *testing.T, rec helper.Record) {
	t.Helper()
	w.mend()
	if _, err := w.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
		t.Fatal(err)
	}
	w.store.fail = slices.Repeat([]error{helper.ErrLocked}, 1000)
}

// A rename is not the end of the sign-in, also while its new name cannot be
// found.
func TestServe_InsistsAfterARename(t *testing.T) {
	w := serveHeld(t, func(w *heldWorld, nth int) {
		switch nth {
		case 1:
			a := w.read(t).Account
			_ = w.accounts.Remove("work")
			_, _ = w.accounts.Update("play", func(found *helper.Account) error {
				a.Name = "play"
				*found = a
				return nil
			})
			w.accounts.failList = helper.ErrUnavailable
		case 2:
			w.accounts.failList = nil
			w.mend()
		}
	})
	w.wantStored(t, "play")
}

// A person who ends the sign-in between two tries wins, and so does a credential
// that is newer.
func TestServe_InsistsNoMore(t *testing.T) {
	for _, c := range []struct {
		name      string
		meanwhile func(t *testing.T, w *heldWorld)
		revoked   int
	}{
		{"erase has begun", func(_ *testing.T, w *heldWorld) { w.accounts.set(func(a *helper.Account) { a.Erasing = true }) }, 1},
		{"signed in again", func(t *testing.T, w *heldWorld) { w.signIn(t, refresh.ProfileOAuth) }, 1},
		{"a newer one is stored", func(t *testing.T, w *heldWorld) {
			rec := w.read(t)
			rec.Credential.Generation = 3
			w.write(t, rec)
		}, 0},
		{"the process ends", func(_ *testing.T, w *heldWorld) { w.cancel() }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			wrote := 0
			w := serveHeld(t, func(w *heldWorld, nth int) {
				if nth > 1 {
					t.Fatal("it goes on")
				}
				w.mend()
				c.meanwhile(t, w)
				wrote = w.store.wrote
			})
			if w.store.wrote != wrote || len(w.pauses) != 1 {
				t.Errorf("after %d pauses something was stored: %t", len(w.pauses), w.store.wrote != wrote)
			}
			w.wantRequests(t, authserver.GrantRevoke, c.revoked)
		})
	}
}

// A credential that waits in the journal is left to the next rotation.
func TestServe_JournalSuffices(t *testing.T) {
	w := &heldWorld{world: newWorld(t, refresh.ProfileOAuth)}
	w.primed(t)
	w.clock.advance(life)
	w.store.fail = slices.Repeat([]error{helper.ErrLocked}, 1000)
	if err := w.rotation.Serve(soon(t), helper.Demand{Account: "work", Generation: 2}, w); err != nil || !w.closed {
		t.Errorf("error %v; the pipe is closed: %t", err, w.closed)
	}
	if tries := 1000 - len(w.store.fail); tries != 5 {
		t.Errorf("%d tries, want 5", tries)
	}
}

// Who waits for the lock too long sends nothing, though the process goes on.
func TestServe_SendTime(t *testing.T) {
	w := &heldWorld{world: newWorld(t, refresh.ProfileOAuth)}
	unlock, err := w.rotation.Locker.Lock(soon(t), string(w.read(t).Account.ID))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unlock() }()
	w.rotation.SendTime = time.Nanosecond
	ctx := soon(t)
	if err := errors.Join(w.rotation.Serve(ctx, helper.Demand{Account: "work", Generation: 1}, w), ctx.Err()); err != nil {
		t.Error(err)
	}
	if !bytes.Contains(w.reply.Bytes(), []byte(`"busy"`)) {
		t.Errorf("the caller was told %q", w.reply.Bytes())
	}
	w.wantRequests(t, authserver.GrantRefresh, 0)
}
