package refresh

import (
	"context"
	"errors"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

// An unstored answer brought a credential that could be saved neither in the store nor in the journal: only this
// process has it.
type unstored struct {
	answer answer
	rec    helper.Record // with the new credential
	mark   journal.Mark
	reason helper.Reason
}

// An unstoredError is an ErrNotStored with the answer that was not stored.
type unstoredError struct {
	error
	unstored *unstored
}

func (e *unstoredError) Unwrap() error { return e.error }

// maxStorePause is the longest pause between two tries to store an answer.
const maxStorePause = 10 * time.Second

// retryStore tries to store the answer until that succeeds, the account has lost the sign-in, or ctx is done. It does
// not hold the lock during the pauses: an erase need not wait, and another rotation can report at once that the stored
// credential is spent.
func (r *Rotation) retryStore(ctx context.Context, h *unstored) {
	for pause := time.Second; r.pause(ctx, pause) && !r.storeUnstored(ctx, h); {
		pause = min(2*pause, maxStorePause)
	}
}

// storeUnstored settles the answer as if it came from the journal. It reports whether nothing is left to do.
func (r *Rotation) storeUnstored(ctx context.Context, h *unstored) (over bool) {
	name, settled := h.rec.Account.Name, false
	if found, ok, _ := r.findAccount(h.rec.Account); ok {
		name = found.Name
	}
	_, err := r.withLock(ctx, name, func(rec helper.Record) (helper.Record, error) {
		att := &attempt{rec: rec, reason: h.reason, mark: h.mark}
		switch {
		case rec.Account.ID != h.rec.Account.ID:
			return rec, movedError()
		case att.isSuperseded():
			return rec, nil
		}
		settled = true
		return r.settle(context.WithoutCancel(ctx), att, h.answer)
	})
	switch {
	case settled:
		return !errors.Is(err, helper.ErrNotStored)
	case err == nil:
		return true
	case !errors.Is(r.checkSignIn(h.rec.Account), errMoved):
		return false
	}
	// No caller is left to report the error to.
	_ = r.discard(context.WithoutCancel(ctx), &attempt{rec: h.rec}, h.rec.Credential)
	return true
}
