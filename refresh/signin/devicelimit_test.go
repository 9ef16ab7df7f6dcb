package signin_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

func TestDevice_NotOffered(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		fix := newDeviceFixture(t, authserver.Options{Profile: profile, NoDevice: true})
		if _, err := fix.signIn(t); !errors.Is(err, refresh.ErrNoDevice) || len(fix.shown) != 0 {
			t.Errorf("error %v, shown %v; want ErrNoDevice and nothing", err, fix.shown)
		}
	})
}

func TestDevice_Cancelled(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		fix := newDeviceFixture(t, authserver.Options{Profile: profile})
		ctx, cancel := context.WithCancel(t.Context())
		fix.during[2] = cancel
		if _, err := fix.device.SignIn(ctx, fix.iss); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want Canceled", err)
		}
		if n := fix.server.Count(authserver.GrantDeviceToken); n != 1 {
			t.Errorf("%d polls, want 1", n)
		}
	})
}

// TestDevice_CancelledLate checks that the context's error takes precedence over the timeout.
func TestDevice_CancelledLate(t *testing.T) {
	fix := newDeviceFixture(t, authserver.Options{})
	fix.device.Limit = time.Second
	ctx, cancel := context.WithCancel(t.Context())
	fix.during[1] = cancel
	if _, err := fix.device.SignIn(ctx, fix.iss); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
}

// TestDevice_ClockJumps checks that nothing is sent after the timeout, as after a computer was suspended.
func TestDevice_ClockJumps(t *testing.T) {
	fix := newDeviceFixture(t, authserver.Options{})
	fix.during[2] = func() {
		fix.mu.Lock()
		defer fix.mu.Unlock()
		fix.now = fix.now.Add(time.Hour)
	}
	if _, err := fix.signIn(t); !errors.Is(err, helper.ErrTemporary) ||
		fix.server.Count(authserver.GrantDeviceToken) != 1 {
		t.Errorf("error %v after %d polls, want ErrTemporary after 1", err, fix.server.Count(authserver.GrantDeviceToken))
	}
}
