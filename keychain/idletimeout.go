//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// An idleTimeout is the longest wait for one answer. A busy daemon answers each call in time,
// however long the whole read takes; one that is stopped, blocked or cannot start does not answer
// at all.
type idleTimeout time.Duration

const defaultIdleTimeout = 3 * time.Second

// wait runs f, which waits for one answer and stops when its context is done.
func (d idleTimeout) wait(ctx context.Context, f func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(d))
	defer cancel()
	err := f(bounded)
	// A dialer looks at the clock itself, and may fail a moment before the context.
	own, _ := bounded.Deadline()
	callers, _ := ctx.Deadline()
	over := bounded.Err() != nil || !own.Equal(callers) && time.Until(own) <= 0
	if err != nil && ctx.Err() == nil && over {
		return d.expired()
	}
	return err
}

// expired returns the error of a wait that was too long.
func (d idleTimeout) expired() error {
	return fmt.Errorf("no answer in %v: %w", time.Duration(d), helper.ErrTimeout)
}

// withTimeout runs a step and calls cancel if it takes too long. Then the step counts as failed
// whatever it returned: cancel may run only after its end.
func (d idleTimeout) withTimeout(cancel func(), step func() error) error {
	timer := time.AfterFunc(time.Duration(d), cancel)
	err := step()
	if !timer.Stop() {
		return d.expired()
	}
	return err
}

// connect returns a new connection for the caller alone, open until closeAll is called or ctx is
// done. A bus that closes it during the handshake may be about to exit: connect tries again a
// moment later.
func (d idleTimeout) connect(ctx context.Context, address string) (conn *dbus.Conn, closeAll func(), err error) {
	conn, closeAll, err = d.handshake(ctx, address)
	if errors.Is(err, errNotConnected) && isDisconnect(err) && ctx.Err() == nil {
		jitter(ctx)
		conn, closeAll, err = d.handshake(ctx, address)
	}
	return conn, closeAll, err
}

// handshake connects. Each answer of the bus has its own timeout: on a busy bus all of them
// together can take longer.
func (d idleTimeout) handshake(ctx context.Context, address string) (conn *dbus.Conn, closeAll func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var end busEnd
	for _, step := range []func() error{
		func() (err error) { conn, end, err = dial(ctx, address); return err },
		func() error { return end.refusal(ctx, conn.Auth(nil)) },
		func() error { return end.refusal(ctx, conn.Hello()) },
	} {
		if err := d.withTimeout(cancel, step); err != nil {
			cancel()
			return nil, nil, fmt.Errorf("connect to the session bus: %w", connectError(err))
		}
	}
	return conn, func() { cancel(); _ = conn.Close() }, nil
}
