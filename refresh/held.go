package refresh

import (
	"context"
	"errors"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

// A unstored answer is one that brought a credential which neither the store nor the
// journal took: nobody but this process has it.
type unstored struct {
	answer answer
	rec    helper.Record // with the credential
	mark   journal.Mark
	reason helper.Reason
}

// A unstoredError is an ErrNotStored with what was not stored.
type unstoredError struct {
	error
	unstored *unstored
}

func (e *unstoredError) Unwrap() error { return e.error }

// maxStorePause is the longest pause between two tries to store a held answer.
const maxStorePause = 10 * time.Second

// retryStore goes on trying until the answer is stored, a person has ended the
// sign-in, or ctx ends. During the pauses nobody has the lock: an erase need not
// wait for the end of it, and the next rotation can tell its caller at once that
// what is stored is spent.
func (r *Rotation) retryStore(ctx context.Context, h *unstored) {
	for pause := time.Second; r.pause(ctx, pause) && !r.storeUnstored(ctx, h); {
		pause = min(2*pause, maxStorePause)
	}
}

// storeUnstored settles the answer as if the journal had kept it. It reports whether
// nothing is left to do.
func (r *Rotation) storeUnstored(ctx context.Context, h *unstored) (over bool) {
	name, settled := h.rec.Account.Name, false
	if found, ok, _ := r.findAccount(h.rec.Account); ok {
		name = found.Name
	}
	_, err := r.withLock(ctx, name, func(rec helper.Record) (helper.Record, error) {
		att := &attempt{rec: rec, reason: h.reason, mark: h.mark}
		switch {
		case rec.Account.ID != h.rec.Account.ID:
			return rec, errMoved
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
	_ = r.discard(context.WithoutCancel(ctx), &attempt{rec: h.rec}, h.rec.Credential) // nobody is left to be told
	return true
}
