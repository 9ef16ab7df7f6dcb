package refresh

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

var errInterrupted = errors.New("the last refresh was interrupted before its answer was kept")

// recover handles what an interrupted rotation left in the journal. An answer that is newer than the stored credential
// is settled as if it had just arrived. If the refresh token may be spent, that is recorded in the account's file.
func (r *Rotation) recover(ctx context.Context, rec helper.Record) (found helper.Record, settled bool, err error) {
	if err := r.at("recover"); err != nil {
		return rec, false, err
	}
	e, err := r.Journals.Read(rec.Account.ID, nil)
	switch {
	case errors.Is(err, helper.ErrNotFound):
		return r.retryUnreadable(ctx, rec)
	case err == nil:
	case errors.Is(err, helper.ErrCorrupt) && !errors.Is(err, helper.ErrNewer):
		// The mark is unreadable: assume that the refresh token was sent.
		e = journal.Entry{Mark: journal.Mark{State: journal.StateSending, Generation: rec.Credential.Generation}}
	default:
		return rec, false, err
	}
	att := &attempt{rec: rec, mark: e.Mark, kept: true}
	if e.State == journal.StateIntent || att.isSuperseded() {
		if err := r.emptyJournal(att); err != nil { // nothing was sent, or the credential was stored
			return rec, false, err
		}
		return r.retryUnreadable(ctx, rec)
	}
	a, ok, err := r.readKeptAnswer(ctx, rec, r.Journals.Read)
	if err != nil && !errors.Is(err, errNoKey) {
		return rec, false, err
	}
	if ok {
		found, err = r.settle(ctx, att, a)
		return found, true, err
	}
	noted := error(nil)
	if rec.Account, noted = r.recordUnanswered(att, errInterrupted); errors.Is(noted, errNotRecorded) {
		return rec, false, noted
	}
	if errors.Is(err, errNoKey) && e.Sealed {
		return rec, false, r.moveToUnreadable(att)
	}
	return rec, false, r.emptyJournal(att)
}

// errNoKey: the journal's key is missing, so the journal cannot be read.
var errNoKey = errors.New("the key of the journal is absent")

// readKeptAnswer reads the answer in the journal, or the unreadable answer that was saved. An answer that is incomplete
// or does not decrypt counts as none.
func (r *Rotation) readKeptAnswer(
	ctx context.Context, rec helper.Record, read func(helper.ID, []byte) (journal.Entry, error),
) (answer, bool, error) {
	key, err := r.sealKey(ctx, rec.Account)
	if errors.Is(err, helper.ErrNotFound) {
		return answer{}, false, errNoKey
	}
	if err != nil {
		return answer{}, false, err
	}
	var k keptAnswer
	switch e, err := read(rec.Account.ID, key); {
	case errors.Is(err, helper.ErrCorrupt):
		return answer{}, false, nil
	case err != nil:
		return answer{}, false, err
	case e.Answer == nil || json.Unmarshal(e.Answer, &k) != nil:
		return answer{}, false, nil //nolint:nilerr // damaged JSON counts as no answer
	}
	a := k.answer()
	a.secrets = []helper.Secret{rec.Credential.RefreshToken}
	return a, true, nil
}

// Adopt stores the credential that an interrupted rotation left in the journal, as the next Refresh would, and sends
// nothing. The caller holds the sign-in's lock. An error means that a credential is still waiting there.
func (r *Rotation) Adopt(ctx context.Context, a helper.Account) error {
	rec, err := r.reread(ctx, a.Name, a.ID)
	if err != nil {
		return err
	}
	_, _, err = r.recover(context.WithoutCancel(ctx), rec)
	if r.Journals.IsKept(a.ID) {
		return joinErrors(unreadError(), err)
	}
	if _, left := r.Journals.Read(a.ID, nil); err == nil || errors.Is(left, helper.ErrNotFound) &&
		!errors.Is(err, errInJournal) {
		return nil // the error belongs to a finished refresh
	}
	return err
}

// Newest returns the credential in the sign-in's journal if there is a newer one, and otherwise stored. The caller
// holds the sign-in's lock.
func (r *Rotation) Newest(ctx context.Context, a helper.Account, stored helper.Credential) helper.Credential {
	read := r.Journals.Read
	e, err := read(a.ID, nil)
	if errors.Is(err, helper.ErrNotFound) {
		read = r.Journals.ReadKept
		e, err = read(a.ID, nil)
	}
	if err != nil || e.Generation < stored.Generation {
		return stored
	}
	kept, ok, err := r.readKeptAnswer(ctx, helper.Record{Account: a, Credential: stored}, read)
	if err != nil || !ok {
		return stored
	}
	g, parsed := kept.grant(stored.Issuer.Profile)
	if judge(kept, parsed) != success {
		return stored
	}
	return g.renew(stored, kept.start)
}
