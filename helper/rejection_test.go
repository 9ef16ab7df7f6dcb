package helper_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// TestHelper_GetRejected is the specification of a caller's word that an access
// token was refused. A tenth of the stored token's life is 6 minutes.
func TestHelper_GetRejected(t *testing.T) {
	temporary, again := helper.ErrTemporary, helper.ErrSignInRequired
	hour, rejected := gives(time.Hour, nil), helper.Request{Rejected: sha("access")}
	times := func(n int, ago time.Duration) func(*helper.Account, *helper.Credential) {
		return func(a *helper.Account, _ *helper.Credential) { a.Rejections, a.RejectedAt = n, start().Add(-ago) }
	}
	for _, c := range []getCase{
		{name: "another token was", age: fresh, req: helper.Request{Rejected: sha("older")}, token: "access"},
		{
			name: "another token was, expired", age: expired, req: helper.Request{Rejected: sha("older")}, answer: hour,
			token: "renewed", calls: 1,
		},
		{
			name: "too young", age: 6*time.Minute - 1, req: rejected, err: temporary,
			says: "the access token that was refused is the newest",
		},
		{
			name: "a tenth of its life old", age: 6 * time.Minute, req: rejected, answer: hour, token: "renewed", calls: 1,
			why: helper.ReasonRejected,
		},
		{
			name: "the refresh fails", age: fresh, req: rejected, answer: fails(temporary), err: temporary, calls: 1,
			why: helper.ReasonRejected,
		},
		{
			name: "the refresh is refused", age: fresh, req: rejected, answer: fails(again), err: again, calls: 1,
			why: helper.ReasonRejected,
		},
		{name: "no refresh token", age: fresh, req: rejected, stored: noRefreshToken, err: again},
		{
			name: "offline", age: fresh, req: helper.Request{Rejected: sha("access"), Offline: true}, err: temporary,
			says: "offline",
		},
		{
			name: "by hand, too young", age: 0, req: helper.Request{Rejected: sha("access"), Refresh: true}, answer: hour,
			token: "renewed", calls: 1, why: helper.ReasonHand,
		},
		{name: "the new token is the same", age: fresh, req: rejected, answer: func(now time.Time) (helper.Record, error) {
			rec := refreshedRecord(now, time.Hour)
			rec.Credential.AccessToken = helper.NewSecret("access")
			return rec, nil
		}, err: temporary, calls: 1, why: helper.ReasonRejected},

		{
			name: "it has expired meanwhile", age: expired, stored: times(9, time.Hour), req: rejected, answer: hour,
			token: "renewed", calls: 1,
		},
		{
			name: "the clock went back", age: -time.Hour, req: rejected, answer: hour, token: "renewed", calls: 1,
			why: helper.ReasonRejected,
		},

		{
			name: "the second time it waits double", age: 12*time.Minute - 1, stored: times(1, time.Hour), req: rejected,
			err: temporary,
		},
		{
			name: "and then refreshes", age: 12 * time.Minute, stored: times(1, time.Hour), req: rejected, answer: hour,
			token: "renewed", calls: 1, why: helper.ReasonRejected,
		},
		{
			name: "the third time it waits double again", age: 24*time.Minute - 1, stored: times(2, time.Hour), req: rejected,
			err: temporary,
		},
		{
			name: "two days later all is forgotten", age: 6 * time.Minute, stored: times(9, 48*time.Hour), req: rejected,
			answer: hour, token: "renewed", calls: 1, why: helper.ReasonRejected,
		},
	} {
		t.Run(c.name, func(t *testing.T) { runGet(t, c) })
	}
}

// TestRejectionsAreBounded asks without end with an API that refuses every token
// at once. The bound is that of the design: the waits double up to a day.
func TestRejectionsAreBounded(t *testing.T) {
	const days = 30
	now, rec := start(), helper.Record{Credential: credentialWithLife(10 * 24 * time.Hour)}
	var refreshes []time.Duration
	for ; now.Before(start().Add(days * 24 * time.Hour)); now = now.Add(time.Minute) {
		h := &helper.Helper{Records: recordsOf(t, rec), Refresher: new(refresher), Now: func() time.Time { return now }}
		_, err := h.Get(t.Context(), helper.Request{Account: "work", Rejected: sha("access")})
		if err == nil {
			t.Fatal("a refused token was printed")
		}
		if len(h.Refresher.(*refresher).asked) == 0 {
			continue
		}
		refreshes = append(refreshes, now.Sub(start()))
		rec.Account.Rejections, rec.Account.RejectedAt = rec.Rejections(now)+1, now
		rec.Credential.ObtainedAt, rec.Credential.Expiry = now, now.Add(10*24*time.Hour)
	}
	firstDay := 0
	for _, at := range refreshes {
		if at < 24*time.Hour {
			firstDay++
		}
	}
	if firstDay > 7 || len(refreshes) > 7+days {
		t.Errorf("%d refreshes in the first day and %d in %d days, want at most 7, and one a day: %v", firstDay,
			len(refreshes), days, refreshes)
	}
	if len(refreshes) < 7 {
		t.Errorf("only %d refreshes in %d days: a token that was really revoked is not replaced", len(refreshes), days)
	}
}

// recordsOf returns records that hold only this one.
func recordsOf(t *testing.T, rec helper.Record) helper.Records {
	t.Helper()
	s := new(storetest.Memory)
	records, b := newRecords(t, s)
	a := b.accounts["work"]
	a.Rejections, a.RejectedAt = rec.Account.Rejections, rec.Account.RejectedAt
	b.accounts["work"] = a
	fill(t, s, firstID, rec.Credential)
	return records
}

// TestHelper_GetClock is the specification of a clock that is behind the time
// at which the token was obtained.
func TestHelper_GetClock(t *testing.T) {
	tried := func(generation uint64) func(*helper.Account, *helper.Credential) {
		return func(a *helper.Account, _ *helper.Credential) { a.ClockTried = generation }
	}
	hour, temporary := gives(time.Hour, nil), helper.ErrTemporary
	for _, c := range []getCase{
		{name: "a minute behind", age: -time.Minute, token: "access"},
		{name: "an hour behind", age: -time.Hour, answer: hour, token: "renewed", calls: 1, why: helper.ReasonClock},
		{
			name: "an hour behind, the refresh fails", age: -time.Hour, answer: fails(temporary), token: "access",
			warn: temporary, calls: 1, why: helper.ReasonClock,
		},
		{
			name: "an hour behind, tried before", age: -time.Hour, stored: tried(5), token: "access", warn: errAny,
			says: "set the clock",
		},
		{
			name: "an hour behind, tried for an older one", age: -time.Hour, stored: tried(4), answer: hour, token: "renewed",
			calls: 1, why: helper.ReasonClock,
		},
		{
			name: "an hour behind, offline", age: -time.Hour, req: helper.Request{Offline: true}, token: "access",
			warn: temporary, says: "offline",
		},
		{name: "a day ahead", age: 24 * time.Hour, answer: hour, token: "renewed", calls: 1},
	} {
		t.Run(c.name, func(t *testing.T) { runGet(t, c) })
	}
}
