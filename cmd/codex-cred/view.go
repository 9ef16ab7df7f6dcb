package main

import (
	"context"
	"errors"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// States of an account's health.
const (
	healthOK     = "ok"
	healthDue    = "refresh due" // the next get refreshes
	healthSignIn = "needs sign-in"
	healthNone   = "no credential" // an unfinished sign-in
	healthCopy   = "a copy"        // another program refreshes the sign-in
	healthErase  = "half erased"
)

// An accountStatus is what may be shown of an account. It has no tokens, and no personal data that
// the user did not ask for.
type accountStatus struct {
	Account    string     `json:"account"`
	Default    bool       `json:"default"`
	Email      string     `json:"email,omitempty"`
	Plan       string     `json:"plan,omitempty"`
	AccountID  string     `json:"account_id,omitempty"`
	Issuer     string     `json:"issuer,omitempty"`
	Profile    string     `json:"profile,omitempty"`
	ClientID   string     `json:"client_id,omitempty"`
	Scope      string     `json:"scope,omitempty"`
	Store      string     `json:"store,omitempty"`
	Place      string     `json:"place,omitempty"`
	Shared     string     `json:"shared,omitempty"`
	Expiry     *time.Time `json:"expiry,omitempty"`
	SignedIn   *time.Time `json:"signed_in,omitempty"`
	Obtained   *time.Time `json:"obtained,omitempty"`
	Generation uint64     `json:"generation,omitempty"`
	Unread     bool       `json:"unread_answer,omitempty"` // see helper.ErrUnread
	Health     string     `json:"health"`
	Reason     string     `json:"reason,omitempty"`

	err error
}

// look reads the account for display. Whatever cannot be read is part of the result, not an error.
func (p *program) look(ctx context.Context, w *wiring, name string, showEmail bool) accountStatus {
	v := accountStatus{Account: name}
	a, err := w.Accounts.Load(name)
	if err != nil {
		return v.broken(name, err)
	}
	v.Store, v.Place, v.Generation, v.SignedIn = a.Store, w.Location(a.Store, string(a.ID)), a.Generation, when(a.Created)
	v.Shared = terminal.Sanitize(a.Shared)
	v.Unread = a.Unanswered > 0 && w.Journals.IsKept(a.ID)
	rec, err := w.Records.Read(ctx, name)
	switch {
	case a.Erasing:
		v.Health = healthErase
		return v.broken(name, err)
	case errors.Is(err, helper.ErrNotFound):
		v.Health = healthNone
		return v.broken(name, err)
	case err != nil:
		return v.broken(name, err)
	}
	v.fill(rec.Credential, showEmail)
	v.Health, v.err = health(rec, p.Now())
	if v.err != nil {
		return v.broken(name, v.err)
	}
	return v
}

func (v *accountStatus) fill(c helper.Credential, showEmail bool) {
	m := terminal.Masker{ShowEmail: showEmail}
	v.Email = m.Email(c.Identity.Email)
	v.Plan, v.AccountID = m.Text(c.Identity.Plan), m.Text(c.Identity.AccountID)
	v.Issuer, v.Profile, v.ClientID = m.Text(c.Issuer.URL), m.Text(c.Issuer.Profile), m.Text(c.Issuer.ClientID)
	v.Scope, v.Generation = m.Text(c.Scope), c.Generation
	v.Expiry, v.Obtained = when(c.Expiry), when(c.ObtainedAt)
}

func health(rec helper.Record, now time.Time) (string, error) {
	switch err := rec.Refreshable(); {
	case err != nil && !rec.Credential.Valid(now), rec.Credential.Refused != "":
		return healthSignIn, err
	case err != nil && rec.Account.Shared != "":
		return healthCopy, nil
	case rec.Credential.Fresh(now, 0):
		return healthOK, nil
	}
	return healthDue, nil
}

func (v accountStatus) broken(name string, err error) accountStatus {
	v.err = helper.ForAccount(name, err)
	if v.Health == "" {
		v.Health = exit.Classify(err).Kind
	}
	v.Reason = exit.Line(v.err)
	return v
}

func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.Truncate(time.Second)
	return &t
}
