package helper_test

import (
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
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
