package keychain

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A retry repeats a read that fails without a known reason: on macOS concurrent reads disturb each
// other.
type retry struct {
	tries int
	wait  func(ctx context.Context)
}

func (r retry) do(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	item, err := read()
	for n := 1; n < r.tries && isUnclassified(err) && ctx.Err() == nil; n++ {
		r.wait(ctx)
		item, err = read()
	}
	return item, err
}

// isUnclassified reports whether err is none of helper's errors.
func isUnclassified(err error) bool {
	if err == nil {
		return false
	}
	for _, named := range []error{
		helper.ErrNotFound, helper.ErrLocked, helper.ErrUnavailable, helper.ErrTimeout, helper.ErrTooLarge,
		helper.ErrCorrupt, helper.ErrConflict, helper.ErrUnknown,
	} {
		if errors.Is(err, named) {
			return false
		}
	}
	return true
}

// jitter waits up to a tenth of a second, so that concurrent readers spread out.
func jitter(ctx context.Context) {
	t := time.NewTimer(rand.N(100 * time.Millisecond)) //nolint:gosec // spreads readers, protects nothing
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
