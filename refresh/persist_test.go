package refresh_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// whileAnswering refreshes, and calls do before the server's answer arrives.
func (env *environment) whileAnswering(t *testing.T, do func()) (helper.Record, error) {
	t.Helper()
	env.clock.advance(life)
	env.fail(t, authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh})
	type result struct {
		rec helper.Record
		err error
	}
	done := make(chan result, 1)
	go func() {
		rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1})
		done <- result{rec, err}
	}()
	if err := env.server.Wait(timeoutContext(t), authserver.GrantRefresh, 1); err != nil {
		t.Fatal(err)
	}
	do()
	env.server.Release()
	r := <-done
	return r.rec, r.err
}

// TestRotation_PersonWins checks that an erase or a new sign-in during a refresh takes precedence: the new token is
// revoked, not stored.
func TestRotation_PersonWins(t *testing.T) {
	for _, c := range []struct {
		name string
		act  func(t *testing.T, env *environment, a helper.Account) error
	}{
		{"erase has begun", func(_ *testing.T, env *environment, _ helper.Account) error {
			_, err := env.accounts.Update("work", func(a *helper.Account) error { a.Erasing = true; return nil })
			return err
		}},
		{"erase has begun, after a rename", func(_ *testing.T, env *environment, was helper.Account) error {
			_, err := env.accounts.Update("play", func(a *helper.Account) error {
				*a = was
				a.Name, a.Erasing = "play", true
				return nil
			})
			return errors.Join(err, env.accounts.Remove("work"))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			a := env.read(t).Account
			var wrote int
			rec, err := env.whileAnswering(t, func() {
				if err := c.act(t, env, a); err != nil {
					t.Fatal(err)
				}
				wrote = env.store.wrote
			})
			env.wantNoSecrets(t, err)
			if !errors.Is(err, helper.ErrConflict) || !rec.Credential.AccessToken.IsZero() {
				t.Errorf("error %v, want ErrConflict and no record", err)
			}
			if env.store.wrote != wrote {
				t.Error("the refresh wrote after the person")
			}
			env.wantRequests(t, authserver.GrantRevoke, 1)
			env.wantNoJournal(t)
		})
	}
}

// TestRotation_SignedInAgain checks that after a sign-in during a refresh the new sign-in is returned, and that the
// refreshed token is revoked.
func TestRotation_SignedInAgain(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	var wrote int
	rec, err := env.whileAnswering(t, func() {
		env.signIn(t, refresh.ProfileOAuth)
		wrote = env.store.wrote
	})
	if err != nil || rec.Account.ID != env.read(t).Account.ID ||
		!rec.Credential.AccessToken.Equal(env.read(t).Credential.AccessToken) {
		t.Errorf("error %v, want the credential of the new sign-in", err)
	}
	if env.store.wrote != wrote {
		t.Error("the refresh wrote after the person")
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.wantRequests(t, authserver.GrantRevoke, 1)
}

// TestRotation_Preflight checks that a store that cannot be written fails the refresh before anything is sent.
func TestRotation_Preflight(t *testing.T) {
	for _, failure := range []error{helper.ErrFull, helper.ErrLocked, helper.ErrUnknown, helper.ErrUnavailable} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.clock.advance(life)
		old := env.read(t)
		env.store.fail = []error{failure}
		rec, err := env.refresh(t)
		if !errors.Is(err, failure) || !rec.Credential.AccessToken.IsZero() {
			t.Errorf("error %v, want %v and no record", err, failure)
		}
		env.wantRequests(t, authserver.GrantRefresh, 0)
		if !env.read(t).Credential.RefreshToken.Equal(old.Credential.RefreshToken) {
			t.Errorf("after %v the stored credential changed", failure)
		}
		if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 2 {
			t.Errorf("the next refresh after %v: generation %d, error %v", failure, rec.Credential.Generation, err)
		}
	}
}

// TestRotation_PreflightOfJournal checks the same for a journal that cannot be created.
func TestRotation_PreflightOfJournal(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	good := env.rotation.Journals
	inTheWay := filepath.Join(t.TempDir(), "root")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env.rotation.Journals = journal.New(inTheWay)
	if _, err := env.refresh(t); err == nil {
		t.Error("the refresh went on without a journal")
	}
	env.wantRequests(t, authserver.GrantRefresh, 0)
	env.rotation.Journals = good
	if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 2 {
		t.Errorf("the next refresh: generation %d, error %v", rec.Credential.Generation, err)
	}
}

// TestRotation_StoreFailsForAMoment checks that a short failure of the store has no effect.
func TestRotation_StoreFailsForAMoment(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		late bool
		n    int
	}{
		{"locked", helper.ErrLocked, false, 2},
		{"full", helper.ErrFull, false, 3},
		{"unknown and not written", helper.ErrUnknown, false, 1},
		{"unknown and written", helper.ErrUnknown, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.clock.advance(life)
			env.store.late = c.late
			env.store.failPuts(c.n, c.err)
			rec, err := env.refresh(t)
			if err != nil {
				t.Fatal(err)
			}
			stored := env.read(t)
			if stored.Credential.Generation != 2 || stored.Version != rec.Version || stored.Account.Generation != 2 {
				t.Errorf("stored generation %d, version %q; answered version %q", stored.Credential.Generation, stored.Version,
					rec.Version)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1)
			env.wantRequests(t, authserver.GrantRevoke, 0)
		})
	}
}

// TestRotation_StoreFails checks that if the store keeps failing, the caller gets the token, the journal keeps the
// credential, and the next rotation stores it without a request.
func TestRotation_StoreFails(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	old := env.refreshOnce(t)
	env.store.fail = slices.Repeat([]error{helper.ErrLocked}, 100)
	rec, err := env.refresh(t)
	env.wantNoSecrets(t, err)
	if !errors.Is(err, helper.ErrLocked) || errors.Is(err, helper.ErrNotStored) || rec.Credential.Generation != 3 ||
		!env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
		t.Errorf("generation %d and error %v, want the new record and ErrLocked", rec.Credential.Generation, err)
	}
	env.store.fail = nil
	if !env.read(t).Credential.RefreshToken.Equal(old.RefreshToken) {
		t.Error("the stored credential changed")
	}
	if !env.read(t).Stale() {
		t.Error("the spent refresh token is not known as such")
	}
	found, err := env.refresh(t)
	if err != nil || found.Credential.Generation != 3 || !found.Credential.AccessToken.Equal(rec.Credential.AccessToken) {
		t.Errorf("the next refresh: generation %d, error %v; want what the journal kept", found.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 2)
	env.wantNoJournal(t)
}

// TestRotation_StoreAndJournalFail checks that the error says that the sign-in is lost if the journal fails too.
func TestRotation_StoreAndJournalFail(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	env.refreshOnce(t)
	env.store.fail = slices.Repeat([]error{helper.ErrLocked}, 100)
	env.rotation.At = func(step string) error {
		if step == "answer-before" {
			return errors.New("no space")
		}
		return nil
	}
	rec, err := env.refresh(t)
	env.wantNoSecrets(t, err)
	if !errors.Is(err, helper.ErrNotStored) || rec.Credential.Generation != 3 ||
		!env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
		t.Errorf("generation %d and error %v, want the new record and ErrNotStored", rec.Credential.Generation, err)
	}
	env.store.fail, env.rotation.At = nil, nil
	if _, err := env.rotation.Refresh(timeoutContext(t),
		helper.Demand{Account: "work", Generation: 2, Reason: helper.ReasonHand}); !errors.Is(err, helper.ErrSignInRequired) {
		t.Errorf("the next refresh: error %v, want ErrSignInRequired", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 2)
}

// TestRotation_AccountFileFails checks that nothing is lost if the account's file cannot be written.
func TestRotation_AccountFileFails(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.clock.advance(life)
	env.accounts.fail = helper.ErrFull
	rec, err := env.refresh(t)
	if !errors.Is(err, helper.ErrFull) || rec.Credential.Generation != 2 {
		t.Errorf("generation %d and error %v, want 2 and ErrFull", rec.Credential.Generation, err)
	}
	if stored := env.read(t); stored.Credential.Generation != 2 || stored.Version != rec.Version {
		t.Errorf("stored generation %d, want 2", stored.Credential.Generation)
	}
}

// TestRotation_RefusedButReplaced checks that a refusal is not recorded in a newer credential that another process
// stored.
func TestRotation_RefusedButReplaced(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.fail(t, authserver.Fault{Kind: authserver.InvalidGrant, Grant: authserver.GrantRefresh})
	rec := env.read(t)
	env.client.Proxy = func(*http.Request) (*url.URL, error) {
		c := rec.Credential
		c.Generation, c.AccessToken = 2, helper.NewSecret("newer")
		_, err := env.rotation.Records.Write(t.Context(), rec.Account, c, rec.Version)
		return nil, err
	}
	got, err := env.refresh(t)
	if err != nil || got.Credential.AccessToken.Reveal() != "newer" || env.read(t).Credential.Refused != "" {
		t.Errorf("error %v, refused %q; want the newer credential", err, env.read(t).Credential.Refused)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
}

// TestRotation_EraseBeginsBeforeTheOutcome checks that no outcome is recorded in the file of an account that is being
// erased.
func TestRotation_EraseBeginsBeforeTheOutcome(t *testing.T) {
	for _, fault := range []authserver.Fault{
		{Kind: authserver.Status500}, {Kind: authserver.Status429}, {Kind: authserver.InvalidGrant},
	} {
		t.Run(fault.Kind, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			fault.Grant = authserver.GrantRefresh
			env.fail(t, fault)
			var tomb helper.Account
			env.client.Proxy = func(*http.Request) (_ *url.URL, err error) {
				tomb, err = env.accounts.Update("work", func(a *helper.Account) error { a.Erasing = true; return nil })
				return nil, err
			}
			wrote := env.store.wrote
			if _, err := env.refresh(t); !errors.Is(err, helper.ErrNotFound) {
				t.Errorf("error %v, want ErrNotFound", err)
			}
			if a, _ := env.accounts.Load("work"); !cmp.Equal(a, tomb) || env.store.wrote != wrote {
				t.Errorf("after the erase began something was written: %+v, want %+v", a, tomb)
			}
		})
	}
}
