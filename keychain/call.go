package keychain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

type answer struct {
	item []byte
	err  error
}

// cleanupTime is how long a change may clean up after its context is done.
const cleanupTime = 250 * time.Millisecond

// call runs f, which may ignore its context, and returns when f does, or once the deadline and the
// grace after it have passed. The later result of f is dropped.
func (s *Store) call(
	ctx context.Context, grace time.Duration, f func(context.Context) ([]byte, error),
) ([]byte, error) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answered := make(chan answer, 1)
	go func() {
		item, err := f(bounded)
		answered <- answer{item, err}
	}()
	select {
	case a := <-answered:
		return a.item, callError(ctx, bounded, a.err)
	case <-bounded.Done():
	}
	select {
	case a := <-answered:
		return a.item, callError(ctx, bounded, a.err)
	case <-time.After(grace):
		return nil, interruptedError(ctx)
	}
}

// callError returns the reason for which a call failed: after the context is done, an error of the
// platform is a consequence of that.
func callError(caller, bounded context.Context, err error) error {
	if err == nil || bounded.Err() == nil {
		return err
	}
	return interruptedError(caller)
}

// write is call for what changes the keychain. If it is interrupted the error is ErrUnknown: the
// change may be made, even later.
func (s *Store) write(ctx context.Context, f func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := s.call(ctx, cleanupTime, func(ctx context.Context) ([]byte, error) { return nil, f(ctx) })
	if cause := (*interruption)(nil); errors.As(err, &cause) {
		return withKind(helper.ErrUnknown, err)
	}
	return err
}

// An interruption is the error of a call that we stopped waiting for, in contrast to one that the
// platform reported.
type interruption struct{ error }

func (e *interruption) Unwrap() error { return e.error }

// interruptedError returns the reason for which a call under the caller's context was interrupted.
func interruptedError(caller context.Context) error {
	err := caller.Err()
	switch {
	case err == nil:
		err = fmt.Errorf("the keychain %w", helper.ErrTimeout)
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("the keychain %w: %w", helper.ErrTimeout, err)
	}
	return &interruption{err}
}
