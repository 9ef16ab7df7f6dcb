package refresh_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRotation_Faults checks that the stored tokens stay unchanged whatever the authorization server does, that each
// request is sent once, and that the outcome is recorded.
func TestRotation_Faults(t *testing.T) {
	type outcome struct {
		err        error
		refused    bool
		unanswered int
		pause      time.Duration // until the next refresh
	}
	refused := outcome{err: helper.ErrSignInRequired, refused: true}
	unknown := outcome{err: helper.ErrTemporary, unanswered: 1, pause: time.Minute}
	for _, c := range []struct {
		fault authserver.Fault
		want  outcome
	}{
		{authserver.Fault{Kind: authserver.DropBefore}, unknown},
		{authserver.Fault{Kind: authserver.DropAfter}, unknown},
		{authserver.Fault{Kind: authserver.Redirect}, unknown},
		{authserver.Fault{Kind: authserver.Status403}, unknown},
		{authserver.Fault{Kind: authserver.Status408}, unknown},
		{authserver.Fault{Kind: authserver.Status429}, outcome{err: helper.ErrTemporary, pause: time.Minute}},
		{
			authserver.Fault{Kind: authserver.Status429, RetryAfter: 7},
			outcome{err: helper.ErrTemporary, pause: 7 * time.Second},
		},
		{
			authserver.Fault{Kind: authserver.Status429, RetryAfter: 86400},
			outcome{err: helper.ErrTemporary, pause: 30 * time.Minute},
		},
		{authserver.Fault{Kind: authserver.Status500}, unknown},
		{authserver.Fault{Kind: authserver.Status502}, unknown},
		{authserver.Fault{Kind: authserver.Status503}, unknown},
		{
			authserver.Fault{Kind: authserver.Status503, RetryAfter: 7},
			outcome{err: helper.ErrTemporary, pause: 7 * time.Second},
		},
		{authserver.Fault{Kind: authserver.Truncated}, unknown},
		{authserver.Fault{Kind: authserver.TruncatedClose}, unknown},
		{authserver.Fault{Kind: authserver.HTML200}, unknown},
		{authserver.Fault{Kind: authserver.AppSessionTerminated}, unknown},
		{authserver.Fault{Kind: authserver.OtherUser}, refused},
		{authserver.Fault{Kind: authserver.InvalidGrant}, refused},
		{authserver.Fault{Kind: authserver.RefreshTokenExpired}, refused},
		{authserver.Fault{Kind: authserver.RefreshTokenReused}, refused},
		{authserver.Fault{Kind: authserver.RefreshTokenInvalidated}, refused},
		{authserver.Fault{Kind: authserver.TokenExpired}, refused},
	} {
		t.Run(c.fault.Kind, func(t *testing.T) {
			profiles(t, func(t *testing.T, profile string) {
				env := newEnvironment(t, profile)
				env.clock.advance(life)
				want := env.read(t)
				c.fault.Grant = authserver.GrantRefresh
				env.fail(t, c.fault)
				_, err := env.refresh(t)
				env.wantNoSecrets(t, err)
				if !errors.Is(err, c.want.err) {
					t.Errorf("error %v, want %v", err, c.want.err)
				}
				got := env.read(t)
				if (got.Credential.Refused != "") != c.want.refused {
					t.Errorf("refused %q, want any: %t", got.Credential.Refused, c.want.refused)
				}
				want.Credential.Refused, want.Version = got.Credential.Refused, got.Version
				want.Account.Unanswered = c.want.unanswered
				if c.want.pause > 0 {
					want.Account.NotBefore = env.clock.Now().Add(c.want.pause)
				}
				if diff := cmp.Diff(want, got, bySecretText); diff != "" {
					t.Errorf("stored (-want +got):\n%s", diff)
				}
				env.wantRequests(t, authserver.GrantRefresh, 1)
				env.wantRequests(t, authserver.GrantElsewhere, 0)
			})
		})
	}
}

// TestRotation_RefusedIsRemembered checks that after a refusal no process sends another request, not even a forced one.
func TestRotation_RefusedIsRemembered(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	env.clock.advance(life)
	env.fail(t, authserver.Fault{Kind: authserver.RefreshTokenReused, Grant: authserver.GrantRefresh})
	for range 3 {
		if _, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{
			Account: "work", Generation: 1,
			Reason: helper.ReasonHand,
		}); !errors.Is(err, helper.ErrSignInRequired) {
			t.Errorf("error %v, want ErrSignInRequired", err)
		}
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
}

// TestRotation_UnknownWaitsForTheEnd checks that an unanswered refresh is not repeated while the access token is valid.
func TestRotation_UnknownWaitsForTheEnd(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.fail(t, authserver.Fault{Kind: authserver.Status500, Grant: authserver.GrantRefresh})
	c := env.read(t).Credential
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) {
		t.Fatalf("error %v, want ErrTemporary", err)
	}
	nearEnd := c.Expiry.Add(-c.MinTTL())
	if got := env.read(t).Account.NotBefore; !got.Equal(nearEnd) {
		t.Errorf("not before %v, want %v", got, nearEnd)
	}
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)

	env.clock.advance(nearEnd.Sub(env.clock.Now()))
	if rec, err := env.refresh(t); err != nil || rec.Account.Unanswered != 0 || !rec.Account.NotBefore.IsZero() {
		t.Errorf("near the end: error %v, account %+v; want a refresh and a clean account", err, rec.Account)
	}
	env.wantRequests(t, authserver.GrantRefresh, 2)
}

// TestRotation_UnknownBacksOff checks that it is then repeated after pauses of 1, 2, 4 ... 30 minutes, and that a
// forced refresh is made at once.
func TestRotation_UnknownBacksOff(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	env.fail(t, authserver.Fault{Kind: authserver.Status500, Grant: authserver.GrantRefresh, Times: authserver.Forever})
	for i, minutes := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		_, _ = env.refresh(t)
		env.wantRequests(t, authserver.GrantRefresh, i+1)
		env.clock.advance(minutes*time.Minute - 1)
		_, _ = env.refresh(t)
		env.wantRequests(t, authserver.GrantRefresh, i+1)
		env.clock.advance(1)
	}
	_, _ = env.refresh(t)
	_, err := env.rotation.Refresh(timeoutContext(t),
		helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonHand})
	if !errors.Is(err, helper.ErrUnanswered) {
		t.Errorf("by hand: error %v, want ErrUnanswered", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 8)
	_, err = env.rotation.Refresh(timeoutContext(t),
		helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonForce})
	if !errors.Is(err, helper.ErrTemporary) || errors.Is(err, helper.ErrUnanswered) {
		t.Errorf("forced: error %v, want ErrTemporary", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 9)
}

// TestRotation_UnbelievablePause checks that an implausible time of the next refresh, set with a wrong clock, does not
// block the account.
func TestRotation_UnbelievablePause(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	if _, err := env.accounts.Update("work", func(a *helper.Account) error {
		a.NotBefore = env.clock.Now().AddDate(5, 0, 0)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := env.refresh(t); err != nil {
		t.Error(err)
	}
}
