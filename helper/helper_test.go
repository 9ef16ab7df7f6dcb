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
