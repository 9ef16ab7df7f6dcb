package refresh_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

func profiles(t *testing.T, test func(t *testing.T, profile string)) {
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) { test(t, profile) })
	}
}

var bySecretText = cmp.Comparer(func(a, b helper.Secret) bool { return a.Equal(b) })

func TestRotation_RenewsTheCredential(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		env := newEnvironment(t, profile)
		old := env.read(t)
		env.clock.advance(life)
		got, err := env.refresh(t)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(env.read(t), got, bySecretText); diff != "" {
			t.Errorf("the answer is not what is stored (-stored +answer):\n%s", diff)
		}
		c := got.Credential
		if c.Generation != 2 || got.Account.Generation != 2 {
			t.Errorf("generation %d, in the account's file %d, want 2", c.Generation, got.Account.Generation)
		}
		if c.AccessToken.Equal(old.Credential.AccessToken) || c.RefreshToken.Equal(old.Credential.RefreshToken) {
			t.Error("a token is the old one")
		}
		if !c.ObtainedAt.Equal(env.clock.Now()) || !c.Expiry.Equal(env.clock.Now().Add(life)) {
			t.Errorf("obtained at %v, expiry %v, at %v", c.ObtainedAt, c.Expiry, env.clock.Now())
		}
		if diff := cmp.Diff(old.Credential.Identity, c.Identity); diff != "" || c.Identity.Subject == "" {
			t.Errorf("the identity changed:\n%s", diff)
		}
		env.wantRequests(t, authserver.GrantRefresh, 1)
	})
}

func TestRotation_TenCallersOneRequest(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		env := newEnvironment(t, profile)
		env.clock.advance(life)
		var wg sync.WaitGroup
		answers := make([]helper.Record, 10)
		for i := range answers {
			wg.Go(func() {
				var err error
				if answers[i],
					err = env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, a := range answers {
			if !a.Credential.AccessToken.Equal(answers[0].Credential.AccessToken) || !a.Credential.Valid(env.clock.Now()) {
				t.Error("two callers got different tokens")
			}
		}
		env.wantRequests(t, authserver.GrantRefresh, 1)
	})
}

func TestRotation_MissingMembersKeepTheStored(t *testing.T) {
	for _, kind := range []string{authserver.NoRefreshToken, authserver.NoIDToken, authserver.NoExpiresIn} {
		t.Run(kind, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOpenAI)
			old := env.read(t).Credential
			env.clock.advance(life)
			env.fail(t, authserver.Fault{Kind: kind, Grant: authserver.GrantRefresh})
			rec, err := env.refresh(t)
			if err != nil {
				t.Fatal(err)
			}
			if got := rec.Credential.RefreshToken; got.Equal(old.RefreshToken) != (kind == authserver.NoRefreshToken) {
				t.Error("the refresh token is not the one it must be")
			}
			if diff := cmp.Diff(old.Identity, rec.Credential.Identity); diff != "" {
				t.Errorf("the identity changed:\n%s", diff)
			}
			if want := env.clock.Now().Add(life); !rec.Credential.Expiry.Equal(want) {
				t.Errorf("expiry %v, want %v", rec.Credential.Expiry, want)
			}
		})
	}
}

// TestRotation_NoRequest checks that a satisfied demand, and a refresh token that must not be presented, cause no
// request.
func TestRotation_NoRequest(t *testing.T) {
	set := func(change func(*helper.Account)) func(*testing.T, *environment) {
		return func(t *testing.T, env *environment) {
			if _, err := env.accounts.Update("work", func(a *helper.Account) error { change(a); return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		given func(*testing.T, *environment)
		ask   uint64 // generation
		want  error
	}{
		{"the generation moved", nil, 0, nil},
		{"the account was signed in anew and is fresh", nil, 7, nil},
		{"the stored credential is stale", set(func(a *helper.Account) { a.Generation = 2 }), 1, helper.ErrSignInRequired},
		{"the account is being erased", set(func(a *helper.Account) { a.Erasing = true }), 1, helper.ErrNotFound},
		{
			"the server asked to wait", set(func(a *helper.Account) { a.NotBefore = a.NotBefore.AddDate(2030, 0, 0) }), 1,
			helper.ErrTemporary,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOpenAI)
			if c.given != nil {
				c.given(t, env)
			}
			rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: c.ask})
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if c.want == nil && !rec.Credential.AccessToken.Equal(env.read(t).Credential.AccessToken) {
				t.Error("the answer is not the stored credential")
			}
			env.wantRequests(t, authserver.GrantRefresh, 0)
		})
	}
}

func TestRotation_UnknownAccount(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	if _, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "home", Generation: 1}); !errors.Is(err,
		helper.ErrNotFound) {
		t.Errorf("error %v, want ErrNotFound", err)
	}
}

func TestRotation_LockHeldTooLong(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	unlock, err := env.rotation.Locker.Lock(t.Context(), string(env.read(t).Account.ID))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _,
		err := env.rotation.Refresh(ctx, helper.Demand{Account: "work", Generation: 1}); !errors.Is(err, helper.ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
}

// TestRotation_SignedInAnewWhileWaiting checks that a caller continues with the new sign-in if the old one was replaced
// while it waited for the lock.
func TestRotation_SignedInAnewWhileWaiting(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	first := env.read(t)
	inner := env.rotation.Locker
	spy := &hookedLocker{Locker: inner, then: func() {
		env.rotation.Locker = inner
		env.signIn(t, refresh.ProfileOpenAI)
		env.clock.advance(life)
	}}
	env.rotation.Locker = spy
	spy.after = func() { env.rotation.Locker = spy }
	rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1})
	if err != nil {
		t.Fatal(err)
	}
	second := env.read(t).Account.ID
	if want := []string{string(first.Account.ID), string(second)}; !slices.Equal(spy.names, want) ||
		first.Account.ID == second {
		t.Errorf("locked %v, want %v", spy.names, want)
	}
	if rec.Account.ID != second || rec.Credential.Generation != 2 {
		t.Errorf("the answer is generation %d of %s, want 2 of %s", rec.Credential.Generation, rec.Account.ID, second)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
}

// hookedLocker calls a function when it has acquired the first lock, and records the names.
type hookedLocker struct {
	helper.Locker
	names       []string
	then, after func()
}

func (l *hookedLocker) Lock(ctx context.Context, name string) (func() error, error) {
	l.names = append(l.names, name)
	unlock, err := l.Locker.Lock(ctx, name)
	if len(l.names) == 1 {
		l.then()
		l.after()
	}
	return unlock, err
}

// TestRotation_NotSent checks that an unreachable server is tried a few times, and that nothing is recorded.
func TestRotation_NotSent(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	before := env.read(t)
	synctest.Test(t, func(t *testing.T) {
		tries, offline := 0, errors.New("no route")
		r := *env.rotation
		r.After, r.Locker = nil, &locker{}
		r.Client = &refresh.Client{
			Now:   env.clock.Now,
			Proxy: func(*http.Request) (*url.URL, error) { tries++; return nil, offline },
		}
		start := time.Now() //nolint:forbidigo // the time of the synctest bubble
		_, err := r.Refresh(t.Context(), helper.Demand{Account: "work", Generation: 1})
		if !errors.Is(err, helper.ErrTemporary) || tries != 3 {
			t.Errorf("error %v after %d tries, want ErrTemporary after 3", err, tries)
		}
		if waited := time.Since(start); waited != 1250*time.Millisecond {
			t.Errorf("waited %v between the tries", waited)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err = r.Refresh(ctx, helper.Demand{Account: "work", Generation: 1}); !errors.Is(err, helper.ErrTemporary) ||
			tries != 4 {
			t.Errorf("with a short deadline: error %v after %d tries, want ErrTemporary after 1 more", err, tries-3)
		}
	})
	if diff := cmp.Diff(before, env.read(t), bySecretText); diff != "" {
		t.Errorf("something was persisted:\n%s", diff)
	}
	env.wantRequests(t, authserver.GrantRefresh, 0)
}

// TestRotation_CallerGivesUp checks that an answer is stored even if the caller's context is done.
func TestRotation_CallerGivesUp(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	env.clock.advance(life)
	env.fail(t, authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh})
	ctx, cancel := context.WithCancel(timeoutContext(t))
	done := make(chan error, 1)
	go func() {
		_, err := env.rotation.Refresh(ctx, helper.Demand{Account: "work", Generation: 1})
		done <- err
	}()
	if err := env.server.Wait(timeoutContext(t), authserver.GrantRefresh, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	env.server.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got := env.read(t).Credential.Generation; got != 2 {
		t.Errorf("stored generation %d, want 2", got)
	}
}
