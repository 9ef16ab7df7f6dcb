package refresh_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRotation_Shared checks that a shared sign-in is never refreshed until it is claimed.
func TestRotation_Shared(t *testing.T) {
	for _, why := range []helper.Reason{
		helper.ReasonExpiry, helper.ReasonHand, helper.ReasonIdle, helper.ReasonRejected,
		helper.ReasonClock,
	} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.accounts.set(func(a *helper.Account) { a.Shared = "codex" })
		before := env.read(t)
		demand := helper.Demand{Account: "work", Generation: 1, Reason: why}
		_, err := env.rotation.Refresh(timeoutContext(t), demand)
		shared := (*helper.SharedError)(nil)
		if !errors.As(err, &shared) || shared.Source != "codex" || !errors.Is(err, helper.ErrShared) ||
			!errors.Is(err, helper.ErrSignInRequired) {
			t.Errorf("error %v, want a SharedError", err)
		}
		env.wantRequests(t, authserver.GrantRefresh, 0)
		if diff := cmp.Diff(before, env.read(t), bySecretText); diff != "" {
			t.Errorf("something was stored:\n%s", diff)
		}
		env.accounts.set(func(a *helper.Account) { a.Shared = "" })
		if _, err := env.rotation.Refresh(timeoutContext(t), demand); err != nil {
			t.Errorf("refresh of the claimed: %v", err)
		}
	}
}
