package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// maxDeviceLimit is the most that a device sign-in waits for its person.
const maxDeviceLimit = 15 * time.Minute

// A Code is what a person needs to approve a device sign-in elsewhere. It is
// fit for a terminal, and the URLs may be opened: see [refresh.DeviceCode].
type Code struct {
	UserCode string
	URL      string // where to enter it
	// URLComplete holds the code too; empty if the server gave none. Show the
	// code with it all the same, so that the person can compare.
	URLComplete string
	Expiry      time.Time // when the sign-in stops waiting
}

// A Device signs in with a browser on another device (RFC 8628, or OpenAI's own
// flow). Its fields are set by its owner.
type Device struct {
	Client *refresh.Client
	// Show tells the person what to do. It is called once, before the wait, and
	// must return.
	Show func(Code)
	Now  func() time.Time
	// After is time.After if nil.
	After func(time.Duration) <-chan time.Time
	// Limit is how long the person may take, if that is less than what the
	// server says; 0, and anything longer, is 15 minutes.
	Limit time.Duration
}

// SignIn asks the person to approve and returns the credential, of generation 1.
// The issuer's redirect URI stays as it is.
//
// The error is ctx's if that ended first, [helper.ErrTemporary] if nobody
// approved in time, and else as of [refresh.Client.StartDevice] and
// [refresh.Client.PollDevice]. Tokens that are on their way when ctx ends are
// returned, without an error.
func (d *Device) SignIn(ctx context.Context, iss helper.Issuer) (helper.Credential, error) {
	start := d.Now()
	code, err := d.Client.StartDevice(ctx, iss)
	if err != nil {
		return helper.Credential{}, err
	}
	limit := maxDeviceLimit
	if d.Limit > 0 {
		limit = min(limit, d.Limit)
	}
	end := start.Add(limit)
	if code.Expiry.Before(end) {
		end = code.Expiry
	}
	d.Show(Code{UserCode: code.UserCode, URL: code.VerificationURL, URLComplete: code.VerificationURLComplete, Expiry: end})
	return d.poll(ctx, iss, code, start, end)
}

// poll asks until the person has decided or the time is over.
func (d *Device) poll(ctx context.Context, iss helper.Issuer, code refresh.DeviceCode, start, end time.Time) (helper.Credential, error) {
	wait := code.Interval
	var trouble error // of the last poll
	for {
		if err := d.sleep(ctx, min(wait, end.Sub(d.Now()))); err != nil {
			return helper.Credential{}, err
		}
		if !d.Now().Before(end) {
			return helper.Credential{}, timeoutError(end.Sub(start), trouble)
		}
		c, err := d.Client.PollDevice(ctx, iss, code)
		pending := (*refresh.PendingError)(nil)
		if !errors.As(err, &pending) {
			return c, err
		}
		code.Interval, wait, trouble = pending.Interval, pending.Wait, pending.Err
	}
}

// timeoutError is the error when the time is over. If the server could not be asked
// the person may have approved in vain.
func timeoutError(limit time.Duration, trouble error) error {
	err := fmt.Errorf("nobody approved the sign-in within %s; start the sign-in again: %w", limit.Round(time.Second), helper.ErrTemporary)
	if trouble != nil {
		err = fmt.Errorf("%w; the last trouble: %w", err, trouble)
	}
	return err
}

func (d *Device) sleep(ctx context.Context, wait time.Duration) error {
	if wait > 0 && ctx.Err() == nil {
		select {
		case <-after(d.After, wait):
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("wait for the sign-in: %w", err)
	}
	return nil
}

func after(injected func(time.Duration) <-chan time.Time, d time.Duration) <-chan time.Time {
	if injected == nil {
		return time.After(d)
	}
	return injected(d)
}
