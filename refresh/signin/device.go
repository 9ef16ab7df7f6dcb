package signin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// maxDeviceLimit is the longest time limit of a device sign-in.
const maxDeviceLimit = 15 * time.Minute

// A Code is shown to a person, who approves the device sign-in elsewhere. Its strings are safe to print and its URLs
// are safe to open: see [refresh.DeviceCode].
type Code struct {
	UserCode string
	URL      string // where to enter UserCode
	// URLComplete contains the code; empty if the server gave none. Show the code with it, so that the person can
	// compare.
	URLComplete string
	Expiry      time.Time // when the sign-in times out
}

// A Device signs in with a browser on another device (RFC 8628, or OpenAI's own flow). The owner sets its fields before
// the first call.
type Device struct {
	Client *refresh.Client
	// Show shows the code to the person. It is called once, before polling starts, and must return.
	Show func(Code)
	Now  func() time.Time
	// After is used to wait; nil means [time.After].
	After func(time.Duration) <-chan time.Time
	// Limit is the time limit for the person, if it is shorter than the server's; 0, and anything longer, means 15
	// minutes.
	Limit time.Duration
}

// SignIn waits until the person has approved and returns the credential, of generation 1. The issuer's redirect URI is
// not changed.
//
// The error is ctx's if ctx is done, [helper.ErrTemporary] if the sign-in timed out, and otherwise that of
// [refresh.Client.StartDevice] or [refresh.Client.PollDevice]. If tokens arrive after ctx is done, they are returned
// without an error.
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
	d.Show(Code{
		UserCode: code.UserCode, URL: code.VerificationURL, URLComplete: code.VerificationURLComplete,
		Expiry: end,
	})
	return d.poll(ctx, iss, code, start, end)
}

// poll polls until the person has decided or the time is over.
func (d *Device) poll(
	ctx context.Context, iss helper.Issuer, code refresh.DeviceCode, start, end time.Time,
) (helper.Credential, error) {
	wait := code.Interval
	var trouble error // the error of the last poll
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

// timeoutError returns the error of a sign-in that timed out. It includes the error of the last poll: the person may
// have approved while the server could not be asked.
func timeoutError(limit time.Duration, trouble error) error {
	err := fmt.Errorf("nobody approved the sign-in within %s; start the sign-in again: %w", limit.Round(time.Second),
		helper.ErrTemporary)
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
