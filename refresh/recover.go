package refresh

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/journal"
)

var errInterrupted = errors.New("the last refresh was interrupted before its answer was kept")

// recover looks at what an earlier rotation of the sign-in left in the journal.
// An answer that is newer than what is stored is settled as if it had come in
// this moment; that a refresh token may be spent is noted in the account's file.
func (r *Rotation) recover(ctx context.Context, rec helper.Record) (found helper.Record, settled bool, err error) {
	if err := r.at("recover"); err != nil {
		return rec, false, err
	}
	e, err := r.Journals.Read(rec.Account.ID, nil)
	switch {
	case errors.Is(err, helper.ErrNotFound):
		return rec, false, nil
	case err == nil:
	case errors.Is(err, helper.ErrCorrupt) && !errors.Is(err, helper.ErrNewer):
		e = journal.Entry{Mark: journal.Mark{State: journal.StateSending, Generation: rec.Credential.Generation}} // a torn mark tells nothing
	default:
		return rec, false, err
	}
	t := &turn{rec: rec, written: e.Mark, kept: true}
	if e.State == journal.StateIntent || t.superseded() {
		return rec, false, r.empty(t) // nothing was sent, or the credential was stored
	}
	a, ok, err := r.keptAnswer(ctx, rec)
	if err != nil {
		return rec, false, err
	}
	if ok {
		found, err = r.settle(ctx, t, a)
		return found, true, err
	}
	if rec.Account, err = r.unanswered(t, errInterrupted); errors.Is(err, errNotNoted) {
		return rec, false, err
	}
	return rec, false, r.empty(t)
}

// keptAnswer reads the answer in the journal. That it is not whole, or cannot be
// opened, is none.
func (r *Rotation) keptAnswer(ctx context.Context, rec helper.Record) (answer, bool, error) {
	key, err := r.sealKey(ctx, rec.Account)
	if errors.Is(err, helper.ErrNotFound) {
		return answer{}, false, nil
	}
	if err != nil {
		return answer{}, false, err
	}
	var k keptAnswer
	switch e, err := r.Journals.Read(rec.Account.ID, key); {
	case errors.Is(err, helper.ErrCorrupt):
		return answer{}, false, nil
	case err != nil:
		return answer{}, false, err
	case e.Answer == nil || json.Unmarshal(e.Answer, &k) != nil:
		return answer{}, false, nil //nolint:nilerr // what is not whole, or not ours, counts as no answer
	}
	a := k.answer()
	a.secrets = []helper.Secret{rec.Credential.RefreshToken}
	return a, true, nil
}

// Adopt stores what an earlier rotation of the sign-in left in the journal, as
// the next Refresh would, and sends nothing. The caller holds the lock of the
// sign-in. An error means that something still waits there.
func (r *Rotation) Adopt(ctx context.Context, a helper.Account) error {
	rec, err := r.reread(ctx, a.Name, a.ID)
	if err != nil {
		return err
	}
	_, _, err = r.recover(context.WithoutCancel(ctx), rec)
	if _, left := r.Journals.Read(a.ID, nil); err == nil || errors.Is(left, helper.ErrNotFound) && !errors.Is(err, errWaits) {
		return nil // the error is of a refresh that is over
	}
	return err
}

// Newest returns the credential that waits in the journal of the sign-in, or
// else the one that is given, which is stored. The caller holds the lock of the
// sign-in.
func (r *Rotation) Newest(ctx context.Context, a helper.Account, stored helper.Credential) helper.Credential {
	e, err := r.Journals.Read(a.ID, nil)
	if err != nil || e.Generation < stored.Generation {
		return stored
	}
	kept, ok, err := r.keptAnswer(ctx, helper.Record{Account: a, Credential: stored})
	if err != nil || !ok {
		return stored
	}
	g, parsed := kept.grant(stored.Issuer.Profile)
	if judge(kept, parsed) != success {
		return stored
	}
	return g.renew(stored, kept.start)
}
