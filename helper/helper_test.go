package helper_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

// refresher gives every Refresh the same answer and records the demands.
type refresher struct {
	rec   helper.Record
	err   error
	asked []helper.Demand
	begun []helper.Demand
}

func (r *refresher) Refresh(_ context.Context, d helper.Demand) (helper.Record, error) {
	r.asked = append(r.asked, d)
	return r.rec, r.err
}

func (r *refresher) Begin(d helper.Demand) { r.begun = append(r.begun, d) }

// refreshedRecord returns the record of a rotation at now: its access token "renewed" has the lifetime.
func refreshedRecord(now time.Time, life time.Duration) helper.Record {
	c := credentialWithLife(life)
	c.AccessToken, c.Generation = helper.NewSecret("renewed"), 6
	c.ObtainedAt, c.Expiry = now, now.Add(life)
	return helper.Record{Account: helper.Account{Name: "work", ID: firstID, Generation: 6}, Credential: c}
}

// getCase is one line of the specification of Get. The stored access token, "access", lives for an hour: it is young
// for 6 minutes, fresh for 55, and its generation is 5.
type getCase struct {
	name   string
	age    time.Duration                              // of the stored access token
	stored func(*helper.Account, *helper.Credential)  // changes what is stored
	req    helper.Request                             // beside the account's name
	answer func(now time.Time) (helper.Record, error) // of the refresher
	token  string                                     // that Get returns; empty for none
	warn   error                                      // that the answer carries
	err    error                                      // that Get returns
	says   string                                     // in the warning or the error
	calls  int                                        // of the refresher
	why    helper.Reason                              // that it was asked for; expiry if empty
	begins int                                        // of refreshes that nobody waits for
	// outlives is the result of Outlives.
	outlives func() bool
}

const (
	fresh   = 30 * time.Minute
	stale   = 57 * time.Minute
	expired = time.Hour
)

func gives(life time.Duration, err error) func(time.Time) (helper.Record, error) {
	return func(now time.Time) (helper.Record, error) { return refreshedRecord(now, life), err }
}

func fails(err error) func(time.Time) (helper.Record, error) {
	return func(time.Time) (helper.Record, error) { return helper.Record{}, err }
}

func no() bool { return false }

func notDue(a *helper.Account, _ *helper.Credential) { a.NotBefore = start().Add(time.Hour) }

func refused(_ *helper.Account, c *helper.Credential) { c.Refused = "refresh token reused" }

func noRefreshToken(_ *helper.Account, c *helper.Credential) { c.RefreshToken = helper.Secret{} }

// older makes the stored item older than the account's last rotation.
func older(a *helper.Account, _ *helper.Credential) { a.Generation = 6 }

// behind makes the account's file older than the item's rotation, as after a crash between the two writes.
func behind(a *helper.Account, _ *helper.Credential) { a.Generation = 4 }

func runGet(t *testing.T, c getCase) {
	t.Helper()
	s := new(storetest.Memory)
	records, b := newRecords(t, s)
	a, cred := b.accounts["work"], credentialWithLife(time.Hour)
	if c.stored != nil {
		c.stored(&a, &cred)
	}
	b.accounts["work"] = a
	fill(t, s, firstID, cred)
	now := start().Add(c.age)
	r := new(refresher)
	if c.answer != nil {
		r.rec, r.err = c.answer(now)
	}
	c.req.Account = "work"
	h := &helper.Helper{Records: records, Refresher: r, Now: func() time.Time { return now }, Outlives: c.outlives}
	answer, err := h.Get(t.Context(), c.req)
	wantAnswer(t, c, answer, err)
	wantAsked(t, c, r.asked)
	wantDemands(t, "begun", r.begun, c.begins, helper.ReasonAging)
}

func wantAnswer(t *testing.T, c getCase, answer helper.Answer, err error) {
	t.Helper()
	if got := answer.Credential.AccessToken.Reveal(); got != c.token {
		t.Errorf("access token %q, want %q", got, c.token)
	}
	if !errors.Is(err, c.err) {
		t.Errorf("error %v, want %v", err, c.err)
	}
	if account := (*helper.AccountError)(nil); err != nil && (!errors.As(err, &account) || account.Account != "work") {
		t.Errorf("error %q does not say which account", err)
	}
	if (answer.Warning != nil) != (c.warn != nil) || !errors.Is(answer.Warning, c.warn) && !errors.Is(c.warn, errAny) {
		t.Errorf("warning %v, want %v", answer.Warning, c.warn)
	}
	for _, said := range []error{err, answer.Warning} {
		if said != nil && !strings.Contains(said.Error(), c.says) {
			t.Errorf("%q does not say %q", said, c.says)
		}
	}
}

func wantAsked(t *testing.T, c getCase, asked []helper.Demand) {
	t.Helper()
	why := c.why
	if why == "" {
		why = helper.ReasonExpiry
	}
	wantDemands(t, "asked", asked, c.calls, why)
}

func wantDemands(t *testing.T, how string, got []helper.Demand, count int, why helper.Reason) {
	t.Helper()
	if len(got) != count {
		t.Errorf("the refresher was %s %d times, want %d", how, len(got), count)
	}
	for _, d := range got {
		if want := (helper.Demand{Account: "work", Generation: 5, Reason: why}); d != want {
			t.Errorf("the refresher was %s for %+v, want %+v", how, d, want)
		}
	}
}

// errAny matches any warning.
var errAny = errors.New("any")

const (
	shortLived = "shorter lived than asked for"
	clock      = "check this computer's clock"
	backup     = "a restored backup?"
)

// TestHelper_Get is the specification of what a stored access token and a request lead to.
func TestHelper_Get(t *testing.T) {
	temporary, again := helper.ErrTemporary, helper.ErrSignInRequired
	hour, ttl := gives(time.Hour, nil), func(d time.Duration) helper.Request { return helper.Request{MinTTL: d} }
	for _, c := range []getCase{
		{name: "fresh", age: fresh, token: "access"},
		{name: "fresh for the last nanosecond", age: 55 * time.Minute, token: "access", begins: 1},
		{name: "fresh, nine tenths old", age: 54 * time.Minute, token: "access"},
		{name: "fresh, in its last tenth", age: 54*time.Minute + 1, token: "access", begins: 1},
		{name: "in its last tenth, of a job", age: 56 * time.Minute, req: ttl(1), outlives: no, token: "access"},
		{
			name: "in the end of it, of a job", age: 57*time.Minute + 1, req: ttl(1), outlives: no, answer: hour,
			token: "renewed", calls: 1, why: helper.ReasonAging,
		},
		{
			name: "in the end of it, of a job, fails", age: 58 * time.Minute, req: ttl(1), outlives: no,
			answer: fails(temporary), token: "access", calls: 1, why: helper.ReasonAging,
		},
		{
			name: "in the end of it, of a job, not stored", age: 58 * time.Minute, req: ttl(1), outlives: no,
			answer: gives(time.Hour, helper.ErrNotStored), token: "renewed", err: helper.ErrNotStored, calls: 1,
			why: helper.ReasonAging,
		},
		{
			name: "in the end of it, of a job, offline", age: 58 * time.Minute, req: helper.Request{MinTTL: 1, Offline: true},
			outlives: no, token: "access",
		},
		{
			name: "in the end of it, of a job, not due", age: 58 * time.Minute, req: ttl(1), outlives: no, stored: notDue,
			token: "access",
		},
		{name: "in its last tenth, refused", age: 55 * time.Minute, stored: refused, token: "access"},
		{
			name: "in its last tenth, older item", age: 55 * time.Minute, stored: older, answer: fails(again), token: "access",
			warn: again, calls: 1,
		},
		{name: "in its last tenth, not due", age: 55 * time.Minute, stored: notDue, token: "access"},
		{name: "in its last tenth, offline", age: 55 * time.Minute, req: helper.Request{Offline: true}, token: "access"},
		{name: "fresh, refused", age: fresh, stored: refused, token: "access"},
		{name: "fresh, older item", age: fresh, stored: older, answer: fails(again), token: "access", warn: again, calls: 1},
		{
			name: "fresh, older item, the journal has the newer", age: fresh, stored: older, answer: hour, token: "renewed",
			calls: 1,
		},
		{
			name: "fresh, older item, offline", age: fresh, stored: older, req: helper.Request{Offline: true}, token: "access",
			warn: again, says: backup,
		},
		{name: "fresh, offline", age: fresh, req: helper.Request{Offline: true}, token: "access"},
		{name: "just stale", age: 55*time.Minute + 1, answer: hour, token: "renewed", calls: 1},
		{name: "stale", age: stale, answer: hour, token: "renewed", calls: 1},
		{name: "stale, account file behind", age: stale, stored: behind, answer: hour, token: "renewed", calls: 1},
		{name: "expired", age: expired, answer: hour, token: "renewed", calls: 1},

		{name: "stale, refresh fails", age: stale, answer: fails(temporary), token: "access", warn: temporary, calls: 1},
		{name: "stale, refused while refreshing", age: stale, answer: fails(again), token: "access", warn: again, calls: 1},
		{
			name: "stale, lock is held", age: stale, answer: fails(helper.ErrBusy), token: "access", warn: helper.ErrBusy,
			calls: 1,
		},
		{
			name: "last nanosecond, refresh fails", age: expired - 1, answer: fails(temporary), token: "access", warn: temporary,
			calls: 1,
		},
		{name: "expired, refresh fails", age: expired, answer: fails(temporary), err: temporary, calls: 1},
		{name: "expired, store is locked", age: expired, answer: fails(helper.ErrLocked), err: helper.ErrLocked, calls: 1},
		{name: "expired, refused while refreshing", age: expired, answer: fails(again), err: again, calls: 1},

		{name: "stale, refused", age: stale, stored: refused, token: "access", warn: again, says: "refresh token reused"},
		{name: "expired, refused", age: expired, stored: refused, err: again, says: "refresh token reused"},
		{
			name: "stale, no refresh token", age: stale, stored: noRefreshToken, token: "access", warn: again,
			says: "no refresh token",
		},
		{name: "expired, no refresh token", age: expired, stored: noRefreshToken, err: again, says: "no refresh token"},
		{name: "stale, older item", age: stale, stored: older, answer: fails(again), token: "access", warn: again, calls: 1},
		{name: "expired, older item", age: expired, stored: older, answer: fails(again), err: again, calls: 1},
		{
			name: "expired, older item, the journal has the newer", age: expired, stored: older, answer: hour, token: "renewed",
			calls: 1,
		},
		{
			name: "expired, older item, offline", age: expired, stored: older, req: helper.Request{Offline: true}, err: again,
			says: backup,
		},

		{name: "min-ttl that the token has", age: fresh, req: ttl(30 * time.Minute), token: "access"},
		{name: "min-ttl that it has not", age: fresh, req: ttl(30*time.Minute + 1), answer: hour, token: "renewed", calls: 1},
		{name: "min-ttl shorter than the usual", age: stale, req: ttl(3 * time.Minute), token: "access", begins: 1},
		{name: "min-ttl of a nanosecond", age: expired - 1, req: ttl(1), token: "access", begins: 1},
		{
			name: "min-ttl longer than any life, young", age: 6*time.Minute - 1, req: ttl(2 * time.Hour), token: "access",
			warn: errAny, says: shortLived,
		},
		{
			name: "min-ttl longer than any life", age: 6 * time.Minute, req: ttl(2 * time.Hour), answer: hour, token: "renewed",
			warn: errAny, says: shortLived, calls: 1,
		},
		{
			name: "min-ttl, refresh fails", age: fresh, req: ttl(2 * time.Hour), answer: fails(temporary), token: "access",
			warn: temporary, calls: 1,
		},
	} {
		t.Run(c.name, func(t *testing.T) { runGet(t, c) })
	}
}

// TestHelper_GetOrders is the specification of explicit refreshes, and of unusual refreshers.
func TestHelper_GetOrders(t *testing.T) {
	temporary, again, lost := helper.ErrTemporary, helper.ErrSignInRequired, helper.ErrNotStored
	unanswered, forced := helper.ErrUnanswered, helper.Request{Refresh: true, Force: true}
	hour, force, offline := gives(time.Hour, nil), helper.Request{Refresh: true}, helper.Request{Offline: true}
	for _, c := range []getCase{
		{name: "refresh, young", age: 0, req: force, answer: hour, token: "renewed", calls: 1, why: helper.ReasonHand},
		{name: "refresh, forced", age: 0, req: forced, answer: hour, token: "renewed", calls: 1, why: helper.ReasonForce},
		{
			name: "refresh, unanswered", age: fresh, req: force, answer: fails(unanswered), token: "access", err: unanswered,
			calls: 1, why: helper.ReasonHand,
		},
		{
			name: "refresh, fails", age: fresh, req: force, answer: fails(temporary), token: "access", warn: temporary, calls: 1,
			why: helper.ReasonHand,
		},
		{
			name: "refresh, refused", age: fresh, req: force, stored: refused, token: "access", warn: again,
			says: "refresh token reused",
		},
		{
			name: "idle, young", age: 0, req: helper.Request{Idle: true}, answer: hour, token: "renewed", calls: 1,
			why: helper.ReasonIdle,
		},
		{
			name: "idle, fails", age: fresh, req: helper.Request{Idle: true}, answer: fails(temporary), token: "access",
			warn: temporary, calls: 1, why: helper.ReasonIdle,
		},
		{
			name: "refresh, older item", age: fresh, req: force, stored: older, answer: fails(again), token: "access",
			warn: again, calls: 1, why: helper.ReasonHand,
		},
		{
			name: "refresh, offline", age: fresh, req: helper.Request{Refresh: true, Offline: true}, answer: hour,
			token: "access", warn: temporary, says: "offline",
		},

		{name: "offline, stale", age: stale, req: offline, answer: hour, token: "access", warn: temporary, says: "offline"},
		{name: "offline, expired", age: expired, req: offline, answer: hour, err: temporary, says: "offline"},
		{
			name: "offline, expired, refused", age: expired, req: offline, stored: refused, err: again,
			says: "refresh token reused",
		},
		{
			name: "offline, min-ttl", age: fresh, req: helper.Request{Offline: true, MinTTL: time.Hour}, token: "access",
			warn: temporary, says: "offline",
		},

		{
			name: "record and error", age: stale, answer: gives(time.Hour, temporary), token: "renewed", warn: temporary,
			calls: 1,
		},
		{
			name: "record and error, expired", age: expired, answer: gives(time.Hour, helper.ErrUnknown), token: "renewed",
			warn: helper.ErrUnknown, calls: 1,
		},
		{name: "record and error, new token expired", age: stale, answer: gives(0, temporary), err: temporary, calls: 1},
		{name: "not stored", age: expired, answer: gives(time.Hour, lost), token: "renewed", err: lost, calls: 1},
		{name: "not stored, new token expired", age: expired, answer: gives(0, lost), err: lost, calls: 1},

		{name: "new token expired", age: expired, answer: gives(0, nil), err: temporary, says: clock, calls: 1},
		{
			name: "new token expired long ago", age: stale, answer: gives(-time.Hour, nil), err: temporary, says: clock,
			calls: 1,
		},
		{name: "new token lives a nanosecond", age: expired, answer: gives(1, nil), token: "renewed", calls: 1},
		{name: "new token of no text", age: expired, answer: func(now time.Time) (helper.Record, error) {
			rec := refreshedRecord(now, time.Hour)
			rec.Credential.AccessToken = helper.Secret{}
			return rec, nil
		}, err: temporary, calls: 1},
		{name: "signed in again meanwhile", age: expired, answer: func(now time.Time) (helper.Record, error) {
			rec := refreshedRecord(now, time.Hour)
			rec.Account.ID, rec.Credential.Generation = secondID, 1
			return rec, nil
		}, token: "renewed", calls: 1},
	} {
		t.Run(c.name, func(t *testing.T) { runGet(t, c) })
	}
}

// TestHelper_GetUnreadable checks that what cannot be read is neither refreshed nor taken for absent.
func TestHelper_GetUnreadable(t *testing.T) {
	for _, cause := range append(storeErrors(), helper.ErrNotFound) {
		t.Run(cause.Error(), func(t *testing.T) {
			s := &failingStore{get: cause}
			records, _ := newRecords(t, s)
			r := new(refresher)
			h := &helper.Helper{Records: records, Refresher: r, Now: start}
			answer, err := h.Get(t.Context(), helper.Request{Account: "work", Refresh: true})
			wantOnly(t, err, cause)
			wantAnswer(t, getCase{err: cause}, answer, err)
			wantDemands(t, "asked", r.asked, 0, "")
		})
	}
}
