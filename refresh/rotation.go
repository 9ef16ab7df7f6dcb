package refresh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

// A Rotation replaces the access token of an account, and with it the refresh
// token, under the lock of the sign-in. Its fields are set by its owner; its
// methods may be called concurrently, in any number of processes.
//
// The order of the steps is what keeps a sign-in alive. Each is one function:
// lock, reread, recover, preflight, mark, send, answer, parse, put, read back,
// account, empty. Whatever ends the process between two of them, the next
// rotation knows from the journal what happened, or that it cannot know.
type Rotation struct {
	Records  helper.Records
	Locker   helper.Locker
	Journals *journal.Dir
	Client   *Client
	// Host is the id of this machine, or empty where it has none.
	Host string
	// UnreachablePause is how long nobody tries again after the server could not be
	// reached: a herd would go on trying one after the other. Zero is not at all.
	UnreachablePause time.Duration
	// SendTime is by when Serve must have sent its request, or sends none: the
	// rest of its time is for the answer. Zero is all of it.
	SendTime time.Duration
	Random   io.Reader // crypto/rand.Reader outside tests
	Now      func() time.Time
	// After is how pauses between tries are waited for; nil is [time.After].
	After func(time.Duration) <-chan time.Time
	// Kinds are errors beyond helper's vocabulary, as a store's own, that the
	// caller of a worker tells apart, by names that no other kind has.
	Kinds map[string]error
	// At is called at each step with its name, for tests: an error is that step's.
	// Nil never is.
	At func(step string) error
}

// errMoved: a person won. What they did to the account stands.
var errMoved = fmt.Errorf("the account was erased or signed in again meanwhile: %w", helper.ErrConflict)

// Refresh is [helper.Refresher.Refresh] in this process, which should not be
// ended while it runs. Ctx ends the wait for the lock and the attempts to reach
// the server; an answer that is on its way is read and stored all the same.
func (r *Rotation) Refresh(ctx context.Context, d helper.Demand) (helper.Record, error) {
	refresh := func(moved bool) (helper.Record, error) {
		return r.withLock(ctx, d.Account, func(rec helper.Record) (helper.Record, error) {
			return r.refresh(ctx, rec, demand{Demand: d, moved: moved})
		})
	}
	rec, err := refresh(false)
	if errors.Is(err, errMoved) {
		rec, err = refresh(true)
	}
	return rec, helper.ForAccount(d.Account, err)
}

// A demand is what a caller of Refresh asked for.
type demand struct {
	helper.Demand
	moved bool // to a sign-in that the generation is not of
}

// withLock does something with the record of the account, which it reads under
// the lock of the sign-in.
func (r *Rotation) withLock(ctx context.Context, account string, do func(helper.Record) (helper.Record, error)) (rec helper.Record, err error) {
	id, unlock, err := r.lock(ctx, account)
	if err != nil {
		return helper.Record{}, err
	}
	defer func() { err = joinErrors(err, unlock()) }()
	rec, err = r.reread(ctx, account, id)
	if errors.Is(err, errMoved) || errors.Is(err, helper.ErrNotFound) {
		// What the lock guards may be gone, and taking the lock may have made it anew.
		// If that is only away for a moment nothing is lost: who waits for the lock
		// finds it deleted, and starts over.
		_ = r.Locker.Remove(string(id))
	}
	if err != nil {
		return rec, err
	}
	return do(rec)
}

func (r *Rotation) refresh(ctx context.Context, rec helper.Record, d demand) (helper.Record, error) {
	if isSatisfied(d, rec.Credential, r.Now()) {
		return rec, nil
	}
	rec, settled, err := r.recover(context.WithoutCancel(ctx), rec)
	if err != nil || settled && rec.Credential.Fresh(r.Now(), 0) {
		return rec, err
	}
	if err := r.checkPresentable(rec, d); err != nil {
		return helper.Record{}, err
	}
	return r.rotate(ctx, rec, d)
}

// lock takes the lock of the sign-in that the account has.
func (r *Rotation) lock(ctx context.Context, account string) (helper.ID, func() error, error) {
	if err := r.at("lock"); err != nil {
		return "", nil, err
	}
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
	if err := r.at("reread"); err != nil {
		return helper.Record{}, err
	}
	rec, err := r.Records.Read(ctx, account)
	if err == nil && rec.Account.ID != id {
		return helper.Record{}, errMoved
	}
	return rec, err
}

// isSatisfied reports whether the credential answers the demand as it is, because
// somebody else refreshed it or signed in again. One that has expired by now
// answers nobody, however new it is: its life may be shorter than a refresh.
func isSatisfied(d demand, c helper.Credential, now time.Time) bool {
	if d.moved || c.Generation < d.Generation {
		return c.Fresh(now, 0)
	}
	return c.Generation > d.Generation && c.Valid(now)
}

// checkPresentable returns why the refresh token must not be presented at this moment.
func (r *Rotation) checkPresentable(rec helper.Record, d demand) error {
	if err := rec.Refreshable(); err != nil {
		return err
	}
	if rec.Account.Host != "" && rec.Account.Host != r.Host {
		return fmt.Errorf("the sign-in is %w, whose copy this is: two that refresh it would end it: %w", helper.ErrElsewhere, helper.ErrSignInRequired)
	}
	if err := checkEndpoint(rec.Credential.Issuer, rec.Credential.Issuer.TokenEndpoint); err != nil {
		return fmt.Errorf("token endpoint of the stored credential: %w", err)
	}
	return checkDue(rec, d.Reason, r.Now())
}

// checkDue returns an error until the persisted time of the next refresh has come. A
// person need not wait, unless the refresh token may be spent.
func checkDue(rec helper.Record, why helper.Reason, now time.Time) error {
	until, unanswered := rec.Account.NotBefore, rec.Account.Unanswered > 0
	atOnce := why == helper.ReasonForce || why == helper.ReasonHand && !unanswered
	if atOnce || !now.Before(until) || !isPlausible(rec, now) {
		return nil
	}
	host, reason := hostOf(rec.Credential.Issuer.TokenEndpoint), "asked to wait, or could not be reached"
	switch {
	case why == helper.ReasonHand:
		return fmt.Errorf("%s has not answered the last refresh: %w; the next refresh is due after %s: %w", host, helper.ErrUnanswered, formatTime(until), helper.ErrTemporary)
	case unanswered:
		reason = "has not answered the last refresh"
	}
	return fmt.Errorf("%s %s; the next refresh is due after %s: %w", host, reason, formatTime(until), helper.ErrTemporary)
}

// isPlausible: with an expired access token a time of the next refresh beyond the
// longest pause is not. The clock was wrong when it was written.
func isPlausible(rec helper.Record, now time.Time) bool {
	return rec.Credential.Valid(now) || rec.Account.NotBefore.Sub(now) <= maxPause
}

// rotate presents the refresh token, and keeps what comes of it.
func (r *Rotation) rotate(ctx context.Context, rec helper.Record, d demand) (helper.Record, error) {
	att := &attempt{rec: rec, reason: d.Reason}
	if err := r.preflight(ctx, att); err != nil {
		return helper.Record{}, notSentError(err)
	}
	defer func() { _ = att.journal.Close() }() // it is synced, or its error was told
	if err := r.mark(att); err != nil {
		return helper.Record{}, r.abandon(att, err)
	}
	a := r.send(ctx, att)
	if !a.sent && att.markErr != nil {
		return helper.Record{}, r.abandon(att, att.markErr)
	}
	r.keepAnswer(att, a)
	rec, err := r.settle(context.WithoutCancel(ctx), att, a)
	if errors.Is(err, helper.ErrNotStored) {
		err = &unstoredError{err, &unstored{answer: a, rec: rec, mark: att.mark, reason: d.Reason}}
	}
	return rec, err
}

// abandon ends a turn that has sent nothing. What is in the place of its journal may be
// another worker's, and stays.
func (r *Rotation) abandon(att *attempt, err error) error {
	if errors.Is(err, helper.ErrConflict) {
		_ = att.journal.Withdraw() // else the next rotation counts a refresh without an answer, and waits
		return notSentError(fmt.Errorf("%w: %w: %w", errRefreshRunning, helper.ErrBusy, err))
	}
	return notSentError(joinErrors(err, r.emptyJournal(att)))
}

func notSentError(err error) error {
	return fmt.Errorf("prepare the refresh, of which nothing was sent: %w", err)
}

// at lets a test stop the rotation at a step.
func (r *Rotation) at(step string) error {
	if r.At == nil {
		return nil
	}
	return r.At(step)
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
