package refresh_test

import (
	"errors"
	"os"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// An absenceCase is a file or item that disappears during a refresh and comes back after it.
type absenceCase struct {
	name string
	// vanish removes it and returns a function that restores it.
	vanish func(t *testing.T, w *environment, a helper.Account) (back func())
}

func absenceCases() []absenceCase {
	return []absenceCase{
		{"the account file is absent", func(_ *testing.T, env *environment, a helper.Account) func() {
			_ = env.accounts.Remove("work")
			return func() { env.accounts.set(func(found *helper.Account) { *found = a }) }
		}},
		{"the item is absent", func(t *testing.T, env *environment, a helper.Account) func() {
			item, v, err := env.store.Get(t.Context(), string(a.ID))
			if err = errors.Join(err, env.store.Delete(t.Context(), string(a.ID), v)); err != nil {
				t.Fatal(err)
			}
			return func() { _, _ = env.store.Put(t.Context(), string(a.ID), item, "") }
		}},
		{"the item is another copy of itself", func(t *testing.T, env *environment, a helper.Account) func() {
			item, v, err := env.store.Get(t.Context(), string(a.ID))
			if err == nil {
				_, err = env.store.Put(t.Context(), string(a.ID), append(item, ' '), v)
			}
			if err != nil {
				t.Fatal(err)
			}
			return func() {}
		}},
		{
			"another sign-in has the name, and other files cannot be read",
			func(_ *testing.T, env *environment, a helper.Account) func() {
				other := func(found *helper.Account) { found.ID = "00" + a.ID[2:]; found.Began = "other" }
				env.accounts.set(other)
				env.accounts.setList(helper.ErrUnavailable)
				return func() {
					env.accounts.set(func(found *helper.Account) { *found = a })
					env.accounts.setList(nil)
				}
			},
		},
		{
			"the same grant has the name, moved to another store",
			func(_ *testing.T, env *environment, a helper.Account) func() {
				env.accounts.set(func(found *helper.Account) { found.ID = "00" + a.ID[2:] })
				return func() { env.accounts.set(func(found *helper.Account) { *found = a }) }
			},
		},
		{"the account was renamed", func(_ *testing.T, env *environment, a helper.Account) func() {
			_ = env.accounts.Remove("work")
			_, _ = env.accounts.Update("play", func(found *helper.Account) error {
				*found = a
				found.Name = "play"
				return nil
			})
			return func() {
				_ = env.accounts.Remove("play")
				env.accounts.set(func(found *helper.Account) { *found = a })
			}
		}},
	}
}

// TestRotation_AbsenceIsNoProof checks that a missing file is not taken as the end of the sign-in: the new credential
// is neither revoked nor stored, the caller gets it, and the next rotation stores it.
func TestRotation_AbsenceIsNoProof(t *testing.T) {
	for _, c := range absenceCases() {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			a := env.read(t).Account
			var back func()
			var wrote int
			rec, err := env.whileAnswering(t, func() {
				back = c.vanish(t, env, a)
				wrote = env.store.wrote
			})
			env.wantNoSecrets(t, err)
			if err == nil || errors.Is(err, helper.ErrNotFound) || errors.Is(err, helper.ErrNotStored) ||
				!env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
				t.Errorf("error %v, want another, and the new credential", err)
			}
			if env.store.wrote != wrote {
				t.Error("the refresh wrote while the sign-in was away")
			}
			back()
			env.wantAdopted(t, rec.Credential)
		})
	}
}

// wantAdopted checks that the credential of generation 2 is stored without a request and can be refreshed.
func (env *environment) wantAdopted(t *testing.T, kept helper.Credential) {
	t.Helper()
	env.wantRequests(t, authserver.GrantRevoke, 0)
	env.wantRequests(t, authserver.GrantRefresh, 1)
	rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1})
	if err != nil || rec.Credential.Generation != 2 || !rec.Credential.AccessToken.Equal(kept.AccessToken) {
		t.Fatalf("the next refresh: generation %d, error %v; want what was kept", rec.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.wantNoJournal(t)
	env.clock.advance(life)
	if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 3 ||
		!env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
		t.Errorf("the refresh after it: generation %d, error %v", rec.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRevoke, 0)
}

// TestRotation_ForgetsBeforeItRevokes checks that tokens that cannot be removed from the journal are not revoked,
// because they would be adopted.
func TestRotation_ForgetsBeforeItRevokes(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.failAt("empty", 1, errors.New("killed"))
	_, err := env.whileAnswering(t, func() { env.accounts.set(func(a *helper.Account) { a.Erasing = true }) })
	if !errors.Is(err, helper.ErrConflict) {
		t.Errorf("error %v, want ErrConflict", err)
	}
	env.wantRequests(t, authserver.GrantRevoke, 0)
	env.accounts.set(func(a *helper.Account) { a.Erasing = false }) // a backup of the file
	env.rotation.At = nil
	if _, err := env.refresh(t); err != nil {
		t.Fatal(err)
	}
	if got := env.read(t).Credential; got.Generation != 2 || !env.server.Accepts(got.AccessToken.Reveal()) {
		t.Errorf("generation %d, which the server does not accept", got.Generation)
	}
}

// TestRotation_JournalOutOfSight checks that nothing is sent while an unreadable journal exists.
func TestRotation_JournalOutOfSight(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.killAfterSend(t)
	away := env.rotation.Journals.Folder() + ".away"
	env.rotation.At = func(step string) error {
		switch step {
		case "recover":
			return os.Rename(env.rotation.Journals.Folder(), away)
		case "preflight":
			return os.Rename(away, env.rotation.Journals.Folder())
		}
		return nil
	}
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("error %v, want ErrConflict", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.rotation.At = nil
	if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 2 {
		t.Errorf("the next refresh: generation %d, error %v", rec.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
}
