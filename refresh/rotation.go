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

// A Rotation replaces an account's access token, and with it the refresh token, under the lock of the sign-in. The
// owner sets its fields before the first call. Its methods may be called concurrently, in any number of processes.
//
// The order of the steps protects the sign-in. Each step is one function: lock, reread, recover, preflight, mark, send,
// answer, parse, put, read back, account, empty. If the process dies between two of them, the next rotation learns from
// the journal what happened, or that this cannot be known.
type Rotation struct {
	Records  helper.Records
	Locker   helper.Locker
	Journals *journal.Dir
	Client   *Client
	// Host is this machine's id, or empty if it has none.
	Host string
	// UnreachablePause is how long refreshes pause after the server could not be reached, so that many callers do not
	// retry one after the other; 0 means no pause.
	UnreachablePause time.Duration
	// SendTime is how long Serve may take until its request is sent; after that it sends none. The remaining time is
	// for the answer. 0 means no limit.
	SendTime time.Duration
	Random   io.Reader // crypto/rand.Reader outside tests
	Now      func() time.Time
	// After is used to wait between retries; nil means [time.After].
	After func(time.Duration) <-chan time.Time
	// Kinds are further errors that a worker's caller distinguishes, such as a store's own, by names that helper's
	// errors do not use.
	Kinds map[string]error
	// At is called at each step with the step's name, for tests; its error becomes the step's. It may be nil.
	At func(step string) error
}

// errMoved: the account changed during the refresh; the change wins. It is returned with helper.ErrConflict.
var errMoved = errors.New("the account was erased or signed in again meanwhile")

func movedError() error { return fmt.Errorf("%w: %w", errMoved, helper.ErrConflict) }

// Refresh implements [helper.Refresher.Refresh] in this process, which should not exit while it runs. Ctx limits the
// wait for the lock and the attempts to reach the server; once the request is sent, the answer is read and stored in
// any case.
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

// A demand is a caller's demand and how to compare its generation.
type demand struct {
	helper.Demand
	moved bool // the account now has another sign-in, so the generation does not apply
}

// withLock reads the account's record under the lock of the sign-in and calls do with it.
func (r *Rotation) withLock(
	ctx context.Context, account string, do func(helper.Record) (helper.Record, error),
) (rec helper.Record, err error) {
	id, unlock, err := r.lock(ctx, account)
	if err != nil {
		return helper.Record{}, err
	}
	defer func() { err = joinErrors(err, unlock()) }()
	rec, err = r.reread(ctx, account, id)
	if errors.Is(err, errMoved) || errors.Is(err, helper.ErrNotFound) {
		// The lock's file may belong to an erased sign-in, and locking may have created it again. If the sign-in is
		// only unreachable for a moment no harm is done: a waiter finds the file deleted and starts again.
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

// lock acquires the lock of the account's sign-in.
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

// reread reads the record again, under the lock. It returns errMoved if the account now has another sign-in.
func (r *Rotation) reread(ctx context.Context, account string, id helper.ID) (helper.Record, error) {
	if err := r.at("reread"); err != nil {
		return helper.Record{}, err
	}
	rec, err := r.Records.Read(ctx, account)
	if err == nil && rec.Account.ID != id {
		return helper.Record{}, movedError()
	}
	return rec, err
}

// isSatisfied reports whether the stored credential already meets the demand, because another process refreshed it or
// the person signed in again. An expired credential never does, however new: its lifetime may be shorter than a
// refresh.
func isSatisfied(d demand, c helper.Credential, now time.Time) bool {
	if d.moved || c.Generation < d.Generation {
		return c.Fresh(now, 0)
	}
	return c.Generation > d.Generation && c.Valid(now)
}

// checkPresentable returns why the refresh token must not be presented now.
func (r *Rotation) checkPresentable(rec helper.Record, d demand) error {
	if err := rec.Refreshable(); err != nil {
		return err
	}
	if rec.Account.Host != "" && rec.Account.Host != r.Host {
		return fmt.Errorf("the sign-in is %w, whose copy this is: two that refresh it would end it: %w", helper.ErrElsewhere,
			helper.ErrSignInRequired)
	}
	if err := checkEndpoint(rec.Credential.Issuer, rec.Credential.Issuer.TokenEndpoint); err != nil {
		return fmt.Errorf("token endpoint of the stored credential: %w", err)
	}
	return checkDue(rec, d.Reason, r.Now())
}

// checkDue returns an error if the next refresh is not due yet. A refresh requested by a person is always due, unless
// the refresh token may be spent.
func checkDue(rec helper.Record, why helper.Reason, now time.Time) error {
	until, unanswered := rec.Account.NotBefore, rec.Account.Unanswered > 0
	atOnce := why == helper.ReasonForce || why == helper.ReasonHand && !unanswered
	if atOnce || !now.Before(until) || !isPlausible(rec, now) {
		return nil
	}
	host, reason := hostOf(rec.Credential.Issuer.TokenEndpoint), "asked to wait, or could not be reached"
	switch {
	case why == helper.ReasonHand:
		return fmt.Errorf("%s has not answered the last refresh: %w; the next refresh is due after %s: %w", host,
			helper.ErrUnanswered, formatTime(until), helper.ErrTemporary)
	case unanswered:
		reason = "has not answered the last refresh"
	}
	return fmt.Errorf("%s %s; the next refresh is due after %s: %w", host, reason, formatTime(until), helper.ErrTemporary)
}

// isPlausible reports whether the recorded time of the next refresh is plausible. With an expired access token, a time
// more than maxPause ahead is not: the clock was wrong when it was recorded.
func isPlausible(rec helper.Record, now time.Time) bool {
	return rec.Credential.Valid(now) || rec.Account.NotBefore.Sub(now) <= maxPause
}

// rotate presents the refresh token and settles the answer.
func (r *Rotation) rotate(ctx context.Context, rec helper.Record, d demand) (helper.Record, error) {
	att := &attempt{rec: rec, reason: d.Reason}
	if err := r.preflight(ctx, att); err != nil {
		return helper.Record{}, notSentError(err)
	}
	defer func() { _ = att.journal.Close() }() // it is synced, or its error was reported
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

// abandon ends an attempt that sent nothing. A journal at its path that belongs to another worker stays.
func (r *Rotation) abandon(att *attempt, err error) error {
	if errors.Is(err, helper.ErrConflict) {
		_ = att.journal.Withdraw() // otherwise the next rotation counts an unanswered refresh, and waits
		return notSentError(fmt.Errorf("%w: %w: %w", errRefreshRunning, helper.ErrBusy, err))
	}
	return notSentError(joinErrors(err, r.emptyJournal(att)))
}

func notSentError(err error) error {
	return fmt.Errorf("prepare the refresh, of which nothing was sent: %w", err)
}

// at lets a test fail a step.
func (r *Rotation) at(step string) error {
	if r.At == nil {
		return nil
	}
	return r.At(step)
}

// pause waits for d. It returns false if ctx is done.
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
