//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// A silence is the longest time to wait for one answer. A daemon that serves a
// herd answers each call in time, however long the whole read takes; one that
// is stopped, mute or does not start is told from it by its silence.
type silence time.Duration

const usualSilence = 3 * time.Second

// wait runs f, which waits for one answer and heeds its context.
func (s silence) wait(ctx context.Context, f func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(s))
	defer cancel()
	err := f(bounded)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		return s.broken()
	}
	return err
}

// broken is the error of a wait that was too long.
func (s silence) broken() error {
	return fmt.Errorf("no answer in %v: %w", time.Duration(s), helper.ErrTimeout)
}

// connect returns a connection that is the caller's alone and lasts until
// closeAll is called or ctx ends. Each answer of the bus on the way is a wait:
// in a herd all of them together can take longer.
func (s silence) connect(ctx context.Context, address string) (conn *dbus.Conn, closeAll func(), err error) {
	ctx, cut := context.WithCancelCause(ctx)
	tooLong := errors.New("too long")
	timer := time.AfterFunc(time.Duration(s), func() { cut(tooLong) })
	conn, err = dial(ctx, address)
	if err == nil {
		timer.Reset(time.Duration(s))
		err = conn.Auth(nil)
	}
	if err == nil {
		timer.Reset(time.Duration(s))
		err = conn.Hello()
	}
	timer.Stop()
	switch {
	case errors.Is(context.Cause(ctx), tooLong): // whatever became of the connection
		err = s.broken()
	case err != nil:
		err = noBus(err)
	default:
		return conn, func() { cut(nil); _ = conn.Close() }, nil
	}
	cut(nil)
	return nil, nil, fmt.Errorf("connect to the session bus: %w", err)
}

// dial connects again while the bus has too many callers in its queue.
func dial(ctx context.Context, address string) (*dbus.Conn, error) {
	for {
		conn, err := dbus.Dial(address, dbus.WithContext(ctx))
		if !errors.Is(err, syscall.EAGAIN) {
			return conn, err
		}
		jitter(ctx)
		if ctx.Err() != nil {
			return nil, err
		}
	}
}

func noBus(err error) error { return fmt.Errorf("%w: %w: %w", helper.ErrUnavailable, ErrNoBus, err) }
