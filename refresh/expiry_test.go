package refresh_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRotation_IdleHeedsThePause checks that an idle refresh waits until the next refresh is due, and that a person's
// does not.
func TestRotation_IdleHeedsThePause(t *testing.T) {
	for _, c := range []struct {
		why      helper.Reason
		requests int
	}{{helper.ReasonIdle, 0}, {helper.ReasonHand, 1}} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.accounts.set(func(a *helper.Account) { a.NotBefore = env.clock.Now().Add(time.Minute) })
		_, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1, Reason: c.why})
		if (err == nil) != (c.requests > 0) || err != nil && !errors.Is(err, helper.ErrTemporary) {
			t.Errorf("%s: error %v", c.why, err)
		}
		env.wantRequests(t, authserver.GrantRefresh, c.requests)
	}
}

// TestRotation_UnreachedUntilTheEnd checks that the pause of an unreachable server lasts at most until the access token
// expires.
func TestRotation_UnreachedUntilTheEnd(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.client.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("no route") }
	env.rotation.UnreachablePause = 2 * life
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
	if rec := env.read(t); !rec.Account.NotBefore.Equal(rec.Credential.Expiry) {
		t.Errorf("not before %v, want %v", rec.Account.NotBefore, rec.Credential.Expiry)
	}
}

// TestRotation_OutcomeNotNoted checks that the journal stays while the outcome could not be recorded, so that the next
// rotation knows that the token was presented.
func TestRotation_OutcomeNotNoted(t *testing.T) {
	for _, fault := range []authserver.Fault{
		{Kind: authserver.Status503, RetryAfter: 7},
		{Kind: authserver.Status500},
		{Kind: authserver.InvalidGrant},
	} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.refreshOnce(t)
		env.clock.advance(life)
		fault.Grant = authserver.GrantRefresh
		env.fail(t, fault)
		id := env.read(t).Account.ID
		env.rotation.At = func(step string) error {
			if step == "parse" {
				env.accounts.fail = helper.ErrFull
				env.store.fail = []error{helper.ErrLocked, helper.ErrLocked, helper.ErrLocked}
			}
			return nil
		}
		_, err := env.refresh(t)
		if err == nil {
			t.Errorf("%s: no error", fault.Kind)
		}
		if _, err := env.rotation.Journals.Read(id, nil); err != nil {
			t.Errorf("%s: the journal: %v", fault.Kind, err)
		}
	}
}
