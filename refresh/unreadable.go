package refresh

import (
	"context"
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// An unreadable answer is moved out of the journal, which the next rotation needs, and kept in a file of its own: it
// may hold the only valid refresh token. A rotation tries to read it again before it sends a request. It is kept until
// a credential at least as new is stored, or until the sign-in is deleted.

// unreadError is returned while an unreadable answer is kept.
func unreadError() error { return fmt.Errorf("%w: %w", helper.ErrUnread, helper.ErrTemporary) }

// saveUnreadable records that the outcome is unknown and keeps the answer for later.
func (r *Rotation) saveUnreadable(att *attempt, cause error) error {
	_, err := r.recordUnanswered(att, cause)
	if errors.Is(err, errNotRecorded) || att.unreadable {
		return err
	}
	if !att.kept {
		return joinErrors(err, r.emptyJournal(att)) // the answer is lost
	}
	return joinErrors(joinErrors(helper.ErrUnread, err), r.moveToUnreadable(att))
}

// moveToUnreadable moves the answer out of the journal, so that the next rotation can use the journal.
func (r *Rotation) moveToUnreadable(att *attempt) error {
	if err := r.at("empty"); err != nil {
		return err
	}
	if att.journal != nil {
		_ = att.journal.Close() // Windows cannot rename an open file
	}
	if err := r.Journals.Keep(att.rec.Account.ID); !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return nil // nothing was moved; the next rotation finds the answer in the journal
}

// retryUnreadable tries to read an unreadable answer again. Only an account with an unanswered refresh has one.
func (r *Rotation) retryUnreadable(
	ctx context.Context, rec helper.Record,
) (found helper.Record, settled bool, err error) {
	if rec.Account.Unanswered == 0 {
		return rec, false, nil
	}
	e, err := r.Journals.ReadKept(rec.Account.ID, nil)
	if err != nil {
		return rec, false, nil //nolint:nilerr // an absent or unreadable file changes nothing
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

// removeUnreadable deletes the unreadable answer, once a newer credential is stored or the sign-in is deleted.
func (r *Rotation) removeUnreadable(att *attempt) error {
	if att.rec.Account.Unanswered == 0 {
		return nil
	}
	if err := r.Journals.RemoveKept(att.rec.Account.ID); !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return nil
}

// keepRefreshToken handles an answer with a refresh token but no usable access token. It stores the new refresh token
// with the old access token: the old refresh token is spent and must not be the only one left. The next refresh is
// delayed as after an unanswered one.
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
	return rec, fmt.Errorf("refresh: %w; its refresh token is kept: %w", cause,
		joinErrors(helper.ErrTemporary, joinErrors(err, noted)))
}
