package refresh_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// failAt makes the step fail up to n times.
func (env *environment) failAt(step string, n int, err error) {
	env.rotation.At = func(at string) error {
		if at == step && n > 0 {
			n--
			return err
		}
		return nil
	}
}

// TestRotation_Host checks that a sign-in of another computer is never refreshed.
func TestRotation_Host(t *testing.T) {
	for _, c := range []struct {
		account, here string
		refused       bool
	}{
		{"one", "one", false},
		{"one", "another", true},
		{"one", "", true},
		{"", "another", false},
		{"", "", false},
	} {
		for _, why := range []helper.Reason{helper.ReasonExpiry, helper.ReasonHand, helper.ReasonRejected, helper.ReasonClock} {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.accounts.set(func(a *helper.Account) { a.Host = c.account })
			env.rotation.Host = c.here
			before := env.read(t)
			_, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1, Reason: why})
			if c.refused != (errors.Is(err, helper.ErrElsewhere) && errors.Is(err, helper.ErrSignInRequired)) || !c.refused &&
				err != nil {
				t.Errorf("%q here %q: error %v, want ErrElsewhere and ErrSignInRequired: %t", c.account, c.here, err, c.refused)
			}
			if c.refused {
				env.wantRequests(t, authserver.GrantRefresh, 0)
				if diff := cmp.Diff(before, env.read(t), bySecretText); diff != "" {
					t.Errorf("something was stored:\n%s", diff)
				}
				env.wantNoJournal(t)
			}
		}
	}
}

// TestRotation_ClockTried checks that a refresh because of the clock is recorded before it is sent: there is one for
// each generation, whatever its outcome.
func TestRotation_ClockTried(t *testing.T) {
	demand := helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonClock}
	for _, fault := range []string{"", authserver.Status500} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		if fault != "" {
			env.fail(t, authserver.Fault{Kind: fault, Grant: authserver.GrantRefresh})
		}
		noted := uint64(0)
		env.rotation.At = func(step string) error {
			if step == "sending" {
				noted = env.read(t).Account.ClockTried
			}
			return nil
		}
		_, err := env.rotation.Refresh(timeoutContext(t), demand)
		if after := env.read(t).Account.ClockTried; noted != 1 || after != 1 || (err != nil) != (fault != "") {
			t.Errorf("noted %d before, %d after, error %v; want 1", noted, after, err)
		}
	}
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.accounts.fail = helper.ErrFull
	if _, err := env.rotation.Refresh(timeoutContext(t), demand); !errors.Is(err, helper.ErrFull) {
		t.Errorf("it cannot be noted: error %v, want ErrFull", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 0)
	for _, why := range []helper.Reason{helper.ReasonExpiry, helper.ReasonHand, helper.ReasonRejected} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		if rec, err := env.rotation.Refresh(timeoutContext(t),
			helper.Demand{Account: "work", Generation: 1, Reason: why}); err != nil || rec.Account.ClockTried != 0 {
			t.Errorf("%s: tried %d, error %v; want 0", why, rec.Account.ClockTried, err)
		}
	}
}

// TestRotation_Rejections checks that rejections count if they led to a new token, with at most two days between them.
func TestRotation_Rejections(t *testing.T) {
	const days = 24 * time.Hour
	for _, c := range []struct {
		name  string
		had   int
		ago   time.Duration
		why   helper.Reason
		fault string
		want  int
		now   bool // the time is noted
	}{
		{"the first", 0, 0, helper.ReasonRejected, "", 1, true},
		{"one more", 3, time.Hour, helper.ReasonRejected, "", 4, true},
		{"one more after two days", 3, 2 * days, helper.ReasonRejected, "", 4, true},
		{"the first after two days", 3, 2*days + 1, helper.ReasonRejected, "", 1, true},
		{"no answer", 3, time.Hour, helper.ReasonRejected, authserver.Status500, 3, false},
		{"refused", 3, time.Hour, helper.ReasonRejected, authserver.InvalidGrant, 3, false},
		{"expiry", 3, time.Hour, helper.ReasonExpiry, "", 3, false},
		{"by hand", 3, time.Hour, helper.ReasonHand, "", 3, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			at := time.Time{}
			if c.had > 0 {
				at = env.clock.Now().Add(-c.ago)
			}
			env.accounts.set(func(a *helper.Account) { a.Rejections, a.RejectedAt = c.had, at })
			if c.fault != "" {
				env.fail(t, authserver.Fault{Kind: c.fault, Grant: authserver.GrantRefresh})
			}
			_, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1, Reason: c.why})
			if (err != nil) != (c.fault != "") {
				t.Errorf("error %v", err)
			}
			if c.now {
				at = env.clock.Now()
			}
			if a := env.read(t).Account; a.Rejections != c.want || !a.RejectedAt.Equal(at) {
				t.Errorf("%d rejections, the last at %v; want %d, %v", a.Rejections, a.RejectedAt, c.want, at)
			}
		})
	}
}

// TestRotation_Unreached checks that only a person's refresh is made during the pause of an unreachable server.
func TestRotation_Unreached(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	tries := 0
	env.client.Proxy = func(*http.Request) (*url.URL, error) { tries++; return nil, errors.New("no route") }
	env.rotation.UnreachablePause = 2 * time.Second
	for _, c := range []struct {
		why     helper.Reason
		advance time.Duration
		tries   int // so far
	}{
		{helper.ReasonExpiry, 0, 3},
		{helper.ReasonExpiry, 2*time.Second - 1, 3},
		{helper.ReasonExpiry, 1, 6},
		{helper.ReasonHand, 0, 9},
	} {
		env.clock.advance(c.advance)
		_, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1, Reason: c.why})
		if !errors.Is(err, helper.ErrTemporary) || tries != c.tries {
			t.Errorf("%s after %v: error %v, %d tries; want %d", c.why, c.advance, err, tries, c.tries)
		}
		if a := env.read(t).Account; a.Unanswered != 0 {
			t.Errorf("unanswered %d, want 0", a.Unanswered)
		}
		env.wantNoJournal(t)
	}
	env.wantRequests(t, authserver.GrantRefresh, 0)
}

// TestRotation_NothingWasSent checks that an error before the first byte is returned unchanged: nothing is recorded or
// left behind, and the next rotation presents the same token.
func TestRotation_NothingWasSent(t *testing.T) {
	for _, step := range []string{"preflight", "mark", "sending", "send-before"} {
		t.Run(step, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			env.rotation.UnreachablePause = time.Minute
			before := env.read(t)
			times := 0
			env.rotation.At = func(at string) error {
				if at != step {
					return nil
				}
				times++
				return helper.ErrFull
			}
			_, err := env.refresh(t)
			if times != 1 {
				t.Errorf("the step was tried %d times, want 1", times)
			}
			if !errors.Is(err, helper.ErrFull) || strings.Contains(err.Error(), "network") {
				t.Errorf("error %v, want ErrFull and no word of the network", err)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1)
			env.wantNoJournal(t)
			if diff := cmp.Diff(before, env.read(t), bySecretText); diff != "" {
				t.Errorf("something was stored:\n%s", diff)
			}
			env.rotation.At = nil
			if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 3 {
				t.Errorf("the next: generation %d, error %v", rec.Credential.Generation, err)
			}
		})
	}
}

// TestRotation_WriteInDoubt checks that the store is read before an uncertain write is repeated: nothing is stored
// twice, and no stored token is revoked.
func TestRotation_WriteInDoubt(t *testing.T) {
	for _, c := range []struct {
		step string
		n    int
	}{{"put-before", 1}, {"put-before", 3}, {"put-after", 1}, {"readback", 1}, {"put-after", 9}} {
		for _, reads := range []int{0, 1} { // that fail after the write
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			locked := &lockedStore{faultyStore: env.store}
			env.rotation.Records.Stores = helper.Router{"memory": locked}
			env.failAt(c.step, c.n, helper.ErrUnknown)
			inner := env.rotation.At
			env.rotation.At = func(step string) error {
				err := inner(step)
				if err != nil {
					locked.n, reads = reads, 0
				}
				return err
			}
			wrote := env.store.wrote
			rec, err := env.refresh(t)
			if err != nil || rec.Credential.Generation != 3 || env.read(t).Version != rec.Version || env.store.wrote != wrote+1 {
				t.Errorf("%s fails %d times: error %v, generation %d, %d writes; want one", c.step, c.n, err,
					rec.Credential.Generation, env.store.wrote-wrote)
			}
			env.wantRequests(t, authserver.GrantRefresh, 2)
			env.wantRequests(t, authserver.GrantRevoke, 0)
			env.wantNoJournal(t)
		}
	}
}

// lockedStore is a store whose next n reads fail.
type lockedStore struct {
	*faultyStore
	n int
}

func (s *lockedStore) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if s.n > 0 {
		s.n--
		return nil, "", helper.ErrLocked
	}
	return s.faultyStore.Get(ctx, name)
}

// TestRotation_NothingCanBeWritten checks that the journal keeps the credential if the store and the account's file
// cannot be written, and that the token is not presented at once if the journal failed too.
func TestRotation_NothingCanBeWritten(t *testing.T) {
	for _, c := range []struct {
		name       string
		step       string
		lost       bool
		err        error // of the next rotation
		generation uint64
	}{
		{"but the journal", "", false, nil, 3},
		{"at all", "answer-before", true, helper.ErrTemporary, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			env.store.fail = slices.Repeat([]error{helper.ErrLocked}, 100)
			env.accounts.fail = helper.ErrFull
			env.failAt(c.step, 1, errors.New("no space"))
			rec, err := env.refresh(t)
			if !errors.Is(err, helper.ErrLocked) || !errors.Is(err, helper.ErrFull) ||
				errors.Is(err, helper.ErrNotStored) != c.lost || rec.Credential.Generation != 3 {
				t.Errorf("generation %d, error %v", rec.Credential.Generation, err)
			}
			env.store.fail = nil
			_, err = env.refresh(t)
			if got := env.read(t).Credential.Generation; !errors.Is(err, c.err) || (err == nil) != (c.err == nil) ||
				got != c.generation {
				t.Errorf("the next: generation %d, error %v; want %d, %v", got, err, c.generation, c.err)
			}
			env.wantRequests(t, authserver.GrantRefresh, 2)
		})
	}
}

// TestRotation_LockOfNothing checks that the lock of a deleted sign-in is removed by the process that acquired it, and
// that no other lock is.
func TestRotation_LockOfNothing(t *testing.T) {
	for _, c := range []struct {
		name    string
		then    func(t *testing.T, env *environment)
		removed int
	}{
		{"erased", func(_ *testing.T, env *environment) { _ = env.accounts.Remove("work") }, 1},
		{
			"being erased",
			func(_ *testing.T, env *environment) { env.accounts.set(func(a *helper.Account) { a.Erasing = true }) }, 1,
		},
		{"signed in anew", func(t *testing.T, env *environment) { env.signIn(t, refresh.ProfileOAuth) }, 1},
		{"as it was", func(*testing.T, *environment) {}, 0},
		{"unreadable", func(_ *testing.T, env *environment) { env.failAt("reread", 1, helper.ErrLocked) }, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			id := string(env.read(t).Account.ID)
			inner := env.rotation.Locker
			spy := &recordingLocker{hookedLocker: hookedLocker{Locker: inner, then: func() { env.rotation.Locker = inner }}}
			spy.after = func() {
				c.then(t, env)
				env.rotation.Locker = spy
			}
			env.rotation.Locker = spy
			_, _ = env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1})
			if want := slices.Repeat([]string{id}, c.removed); !slices.Equal(spy.removed, want) {
				t.Errorf("removed %q, want %q", spy.removed, want)
			}
		})
	}
}

// recordingLocker records the names of the removed locks.
type recordingLocker struct {
	hookedLocker
	removed []string
}

func (l *recordingLocker) Remove(name string) error {
	l.removed = append(l.removed, name)
	return nil
}
