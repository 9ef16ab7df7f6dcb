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

// An idleTimeout is the longest time to wait for one answer. A daemon that serves a
// herd answers each call in time, however long the whole read takes; one that
// is stopped, mute or does not start is told from it by its silence.
type idleTimeout time.Duration

const defaultIdleTimeout = 3 * time.Second

// wait runs f, which waits for one answer and heeds its context.
func (d idleTimeout) wait(ctx context.Context, f func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(d))
	defer cancel()
	err := f(bounded)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		return d.expired()
	}
	return err
}

// expired is the error of a wait that was too long.
func (d idleTimeout) expired() error {
	return fmt.Errorf("no answer in %v: %w", time.Duration(d), helper.ErrTimeout)
}

// withTimeout does a step that ends when it is cut, and cuts it when it was too long.
// Then it failed, whatever it says: the cut may come only after its end.
func (d idleTimeout) withTimeout(cancel func(), step func() error) error {
	timer := time.AfterFunc(time.Duration(d), cancel)
	err := step()
	if !timer.Stop() {
		return d.expired()
	}
	return err
}

// connect returns a connection that is the caller's alone and lasts until
// closeAll is called or ctx ends. A bus that hangs up on the way may be about to
// end, and is asked again a little later.
func (d idleTimeout) connect(ctx context.Context, address string) (conn *dbus.Conn, closeAll func(), err error) {
	conn, closeAll, err = d.handshake(ctx, address)
	if errors.Is(err, errNotConnected) && isDisconnect(err) && ctx.Err() == nil {
		jitter(ctx)
		conn, closeAll, err = d.handshake(ctx, address)
	}
	return conn, closeAll, err
}

// handshake connects. Each answer of the bus on the way is a wait: in a herd all
// of them together can take longer.
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
