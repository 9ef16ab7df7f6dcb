package refresh

import (
	"context"
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// An answer that cannot be used is put aside: the journal is for the next rotation,
// and the answer may hold the one refresh token that is still good. A rotation tries
// to read it again before it sends anything. It stays until a credential is stored
// that is as new, or until the sign-in is deleted.

// unreadError is the error of an answer that is put aside.
func unreadError() error { return fmt.Errorf("%w: %w", helper.ErrUnread, helper.ErrTemporary) }

// saveUnreadable notes that the outcome is unknown, and puts the answer aside.
func (r *Rotation) saveUnreadable(att *attempt, cause error) error {
	_, err := r.recordUnanswered(att, cause)
	if errors.Is(err, errNotRecorded) || att.unreadable {
		return err
	}
	if !att.kept {
		return joinErrors(err, r.emptyJournal(att)) // nobody has it any more
	}
	return joinErrors(joinErrors(helper.ErrUnread, err), r.moveToUnreadable(att))
}

// moveToUnreadable keeps the answer out of the way of the next rotation.
func (r *Rotation) moveToUnreadable(att *attempt) error {
	if err := r.at("empty"); err != nil {
		return err
	}
	if att.journal != nil {
		_ = att.journal.Close() // Windows renames no file that is open
	}
	if err := r.Journals.Keep(att.rec.Account.ID); !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return nil // it is away, and the next rotation finds it in the journal
}

// retryUnreadable tries again to read an answer that was put aside. Only an account with an
// unanswered refresh has one.
func (r *Rotation) retryUnreadable(ctx context.Context, rec helper.Record) (found helper.Record, settled bool, err error) {
	if rec.Account.Unanswered == 0 {
		return rec, false, nil
	}
	e, err := r.Journals.ReadKept(rec.Account.ID, nil)
	if err != nil {
		return rec, false, nil //nolint:nilerr // that it is absent, or not to be read, changes nothing
	}
	att := &attempt{rec: rec, mark: e.Mark, kept: true, unreadable: true}
	if att.isSuperseded() {
		return rec, false, r.removeUnreadable(att)
	}
	a, ok, err := r.readKeptAnswer(ctx, rec, r.Journals.ReadKept)
	if err != nil || !ok {
		return rec, false, nil //nolint:nilerr // the same
	}
	g, parsed := a.grant(rec.Credential.Issuer.Profile)
	if judge(a, parsed) != success && g.refresh.IsZero() {
		return rec, false, nil
	}
	found, err = r.settle(ctx, att, a)
	return found, true, err
}

// removeUnreadable deletes what was put aside: something as new is stored, or nobody
// may use it any more.
func (r *Rotation) removeUnreadable(att *attempt) error {
	if att.rec.Account.Unanswered == 0 {
		return nil
	}
	if err := r.Journals.RemoveKept(att.rec.Account.ID); !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return nil
}

// keepRefreshToken stores the refresh token of an answer whose access token cannot
// be used, beside the access token that is stored: a spent refresh token must not
// be all that is left. The next refresh waits as after one that was not answered.
func (r *Rotation) keepRefreshToken(ctx context.Context, att *attempt, g grant, cause error) (helper.Record, error) {
	c := att.rec.Credential
	c.RefreshToken, c.Generation = g.refresh, att.generation()
	unanswered := att.rec.Account.Unanswered
	rec, err := r.storeCredential(ctx, att, c)
	if rec.Credential.Generation != c.Generation {
		return rec, err
	}
	rec.Account.Unanswered = unanswered
	_, noted := r.incrementUnanswered(rec)
	return rec, fmt.Errorf("refresh: %w; its refresh token is kept: %w", cause, joinErrors(helper.ErrTemporary, joinErrors(err, noted)))
}
