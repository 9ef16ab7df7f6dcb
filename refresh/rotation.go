package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Rotation replaces the access token of an account, and with it the refresh
// token, under the lock of the sign-in. Its fields are set by its owner; its
// methods may be called concurrently, in any number of processes.
//
// The order of the steps is what keeps a sign-in alive: lock, reread, check,
// preflight, exchange, parse, put, read back, account. Each is one function.
type Rotation struct {
	Records helper.Records
	Locker  helper.Locker
	Client  *Client
	Now     func() time.Time
	// After is how pauses between tries are waited for; nil is [time.After].
	After func(time.Duration) <-chan time.Time
}

var _ helper.Refresher = (*Rotation)(nil)

// errMoved: a person won. What they did to the account stands.
var errMoved = fmt.Errorf("the account was erased or signed in again meanwhile: %w", helper.ErrConflict)

// Refresh implements [helper.Refresher]. Ctx ends the wait for the lock and the
// attempts to reach the server; an answer that is on its way is read and stored
// all the same.
func (r *Rotation) Refresh(ctx context.Context, account string, generation uint64, force bool) (helper.Record, error) {
	d := demand{account: account, generation: generation, force: force}
	rec, err := r.underLock(ctx, d)
	if errors.Is(err, errMoved) {
		d.moved = true
		rec, err = r.underLock(ctx, d)
	}
	return rec, helper.ForAccount(account, err)
}

// A demand is what a caller of Refresh asked for.
type demand struct {
	account    string
	generation uint64
	force      bool
	moved      bool // to a sign-in that generation is not of
}

func (r *Rotation) underLock(ctx context.Context, d demand) (rec helper.Record, err error) {
	id, unlock, err := r.lock(ctx, d.account)
	if err != nil {
		return helper.Record{}, err
	}
	defer func() { err = both(err, unlock()) }()
	rec, err = r.reread(ctx, d.account, id)
	if errors.Is(err, errMoved) || errors.Is(err, helper.ErrNotFound) {
		// What the lock guards is gone, and taking the lock may have made it anew.
		// Where others wait for it and the system keeps it for them, it stays.
		_ = r.Locker.Remove(string(id))
		return rec, err
	}
	if err != nil || d.served(rec.Credential, r.Now()) {
		return rec, err
	}
	if err := r.check(rec, d.force); err != nil {
		return helper.Record{}, err
	}
	if rec, err = r.preflight(ctx, rec); err != nil {
		return helper.Record{}, err
	}
	a := r.exchange(ctx, rec.Credential)
	return r.settle(context.WithoutCancel(ctx), rec, a)
}

// lock takes the lock of the sign-in that the account has.
func (r *Rotation) lock(ctx context.Context, account string) (helper.ID, func() error, error) {
	a, err := r.Records.Accounts.Load(account)
	if err != nil {
		return "", nil, err
	}
	if a.Erasing {
		return "", nil, fmt.Errorf("%w: credential %w", helper.ErrErasing, helper.ErrNotFound)
	}
	unlock, err := r.Locker.Lock(ctx, string(a.ID))
	return a.ID, unlock, err
}

// reread reads the record anew. It returns errMoved if the lock is of another
// sign-in than the account has.
func (r *Rotation) reread(ctx context.Context, account string, id helper.ID) (helper.Record, error) {
	rec, err := r.Records.Read(ctx, account)
	if err == nil && rec.Account.ID != id {
		return helper.Record{}, errMoved
	}
	return rec, err
}

// served reports whether the credential answers the demand as it is, because
// somebody else refreshed it or signed in again.
func (d demand) served(c helper.Credential, now time.Time) bool {
	if d.moved || c.Generation < d.generation {
		return c.Fresh(now, 0)
	}
	return c.Generation > d.generation
}

// check returns why the refresh token must not be presented at this moment.
func (r *Rotation) check(rec helper.Record, force bool) error {
	if err := rec.Refreshable(); err != nil {
		return err
	}
	if err := CheckEndpoint(rec.Credential.Issuer.TokenEndpoint); err != nil {
		return fmt.Errorf("token endpoint of the stored credential: %w", err)
	}
	if force || !r.early(rec) {
		return nil
	}
	host, until := hostOf(rec.Credential.Issuer.TokenEndpoint), rec.Account.NotBefore
	if rec.Account.Unanswered > 0 {
		return fmt.Errorf("%s has not answered the last refresh, the next is due after %s: %w", host, clock(until), helper.ErrTemporary)
	}
	return fmt.Errorf("%s asked to wait, the next refresh is due after %s: %w", host, clock(until), helper.ErrTemporary)
}

// early reports whether the persisted time of the next refresh is to come. With
// an expired access token a time beyond the longest pause is not believed: the
// clock was wrong when it was written.
func (r *Rotation) early(rec helper.Record) bool {
	now, until := r.Now(), rec.Account.NotBefore
	if !rec.Credential.Valid(now) && until.Sub(now) > longestPause {
		return false
	}
	return now.Before(until)
}

// preflight stores the credential and the account's file as they are: what
// cannot be written fails before anything is spent.
func (r *Rotation) preflight(ctx context.Context, rec helper.Record) (helper.Record, error) {
	v, err := r.Records.Write(ctx, rec.Account, rec.Credential, rec.Version)
	if err != nil {
		return helper.Record{}, fmt.Errorf("try the store before the refresh, of which nothing was sent: %w", err)
	}
	if _, err := r.change(rec.Account, func(*helper.Account) {}); err != nil {
		return helper.Record{}, fmt.Errorf("try the account's file before the refresh, of which nothing was sent: %w", err)
	}
	rec.Version = v
	return rec, nil
}

// exchange presents the refresh token until it was sent once, for a few tries.
func (r *Rotation) exchange(ctx context.Context, c helper.Credential) answer {
	a := r.Client.present(ctx, c.Issuer, c.RefreshToken)
	for _, pause := range []time.Duration{250 * time.Millisecond, time.Second} {
		if a.sent || !r.pause(ctx, pause) {
			break
		}
		a = r.Client.present(ctx, c.Issuer, c.RefreshToken)
	}
	return a
}

// settle does what the outcome of the exchange asks for.
func (r *Rotation) settle(ctx context.Context, rec helper.Record, a answer) (helper.Record, error) {
	g, parsed := parseGrant(rec.Credential.Issuer.Profile, a.body)
	switch judge(a, parsed) {
	case success:
		if g.claims().differs(rec.Credential) {
			return r.refuse(ctx, rec, a.host+" answered the refresh with another person's or account's token")
		}
		return r.keep(ctx, rec, g.renew(rec.Credential, a.start))
	case refused:
		return r.refuse(ctx, rec, a.host+" refused the refresh token ("+endpointError(a).Code+")")
	case wait:
		return helper.Record{}, r.postpone(rec, a)
	case notSent:
		return helper.Record{}, fmt.Errorf("refresh: %w: %w", a.problem(parsed), helper.ErrTemporary)
	}
	return helper.Record{}, r.unanswered(rec, a.problem(parsed))
}

// pause waits, and reports whether ctx lasted.
func (r *Rotation) pause(ctx context.Context, d time.Duration) bool {
	after := r.After
	if after == nil {
		after = time.After
	}
	select {
	case <-ctx.Done():
		return false
	case <-after(d):
		return ctx.Err() == nil
	}
}
