package refresh_test

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// garbled is an answer that cannot be read and may contain tokens.
	garbled = `{"access_token":"sealed-access","refresh_token":"sealed-ref`
	// readable is one that can be read.
	readable = `{"access_token":"from-the-journal","refresh_token":"r","token_type":"Bearer","expires_in":3600}`
)

// raw returns a body without a header as an answer in the journal's format.
func raw(body string) string {
	return `{"host":"a.example","start":"2027-01-01T13:00:00Z","status":200,"raw":"` +
		base64.StdEncoding.EncodeToString([]byte(body)) + `"}`
}

// keepUnreadable saves the answer as a rotation of generation 2 that cannot read it.
func (env *environment) keepUnreadable(t *testing.T, answer string) {
	t.Helper()
	env.refreshOnce(t)
	env.clock.advance(life)
	env.writeJournal(t, journalState{generation: 2, state: journal.StateSending, answer: answer})
	if err := env.rotation.Journals.Keep(env.read(t).Account.ID); err != nil {
		t.Fatal(err)
	}
	env.accounts.set(func(a *helper.Account) { a.Unanswered, a.NotBefore = 1, env.clock.Now().Add(time.Minute) })
}

func (env *environment) wantUnreadable(t *testing.T, want bool) {
	t.Helper()
	if got := env.rotation.Journals.IsKept(env.read(t).Account.ID); got != want {
		t.Errorf("an answer is kept: %t, want %t", got, want)
	}
}

// TestRotation_PutsAside checks that an unreadable answer is moved out of the journal, and stays if the next refresh is
// unanswered too.
func TestRotation_PutsAside(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.refreshOnce(t)
	env.clock.advance(life)
	env.writeJournal(t, journalState{generation: 2, state: journal.StateSending, answer: raw(garbled)})
	for presented := range 2 {
		_, err := env.refresh(t)
		env.wantNoSecrets(t, err)
		if !errors.Is(err, helper.ErrTemporary) || errors.Is(err, helper.ErrUnread) != (presented == 0) {
			t.Errorf("error %v, want ErrTemporary", err)
		}
		env.wantRequests(t, authserver.GrantRefresh, 1+presented)
		env.wantUnreadable(t, true)
		e, err := env.rotation.Journals.ReadKept(env.read(t).Account.ID, env.key(t))
		if err != nil || string(e.Answer) != raw(garbled) || e.Generation != 2 {
			t.Errorf("kept is an answer of %d bytes to generation %d, error %v", len(e.Answer), e.Generation, err)
		}
		if got := env.read(t).Account.Unanswered; got != 1+presented {
			t.Errorf("unanswered %d, want %d", got, 1+presented)
		}
		env.clock.advance(time.Minute)
		env.fail(t, authserver.Fault{Kind: authserver.Status500, Grant: authserver.GrantRefresh})
	}
	env.server.Heal()
	env.clock.advance(time.Hour)
	if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 3 {
		t.Fatalf("generation %d, error %v", rec.Credential.Generation, err)
	}
	env.wantUnreadable(t, false)
	env.wantNoJournal(t)
}

// TestRotation_ReadsAgain checks that an answer that has become readable is stored before anything is sent, for every
// reason of a refresh.
func TestRotation_ReadsAgain(t *testing.T) {
	for _, why := range []helper.Reason{helper.ReasonHand, helper.ReasonExpiry} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.keepUnreadable(t, raw(readable))
		rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 2, Reason: why})
		if err != nil || rec.Credential.AccessToken.Reveal() != "from-the-journal" || env.read(t).Account.Unanswered != 0 {
			t.Errorf("%s: generation %d, error %v; want what was kept", why, rec.Credential.Generation, err)
		}
		env.wantRequests(t, authserver.GrantRefresh, 1)
		env.wantNoJournal(t)
	}
}

// TestRotation_ReadsAgainAndAgain checks that the answer stays if the store fails.
func TestRotation_ReadsAgainAndAgain(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.keepUnreadable(t, raw(readable))
	env.store.fail = []error{helper.ErrLocked}
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrLocked) {
		t.Errorf("error %v, want ErrLocked", err)
	}
	env.wantUnreadable(t, true)
	if rec, err := env.refresh(t); err != nil || rec.Credential.AccessToken.Reveal() != "from-the-journal" {
		t.Errorf("generation %d, error %v; want what was kept", rec.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.wantNoJournal(t)
}

// TestAdopt_Aside checks that a move to another store is refused: it would leave the answer behind.
func TestAdopt_Aside(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.keepUnreadable(t, raw(garbled))
	if err := env.rotation.Adopt(timeoutContext(t), env.read(t).Account); !errors.Is(err, helper.ErrUnread) {
		t.Errorf("Adopt: %v, want ErrUnread", err)
	}
	env.wantUnreadable(t, true)
}

// TestNewest_Aside checks that an erase revokes the newest readable refresh token.
func TestNewest_Aside(t *testing.T) {
	for answer, want := range map[string]string{raw(readable): "from-the-journal", raw(garbled): ""} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.keepUnreadable(t, answer)
		rec := env.read(t)
		got := env.rotation.Newest(timeoutContext(t), rec.Account, rec.Credential)
		if (got.Generation == 3) != (want != "") || want != "" && got.AccessToken.Reveal() != want {
			t.Errorf("Newest of an answer %q is of generation %d", answer, got.Generation)
		}
	}
}

// TestRecover_KeyOutOfSight checks that an answer without its key is kept.
func TestRecover_KeyOutOfSight(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.killAfterSend(t)
	name := env.read(t).Account.ID.Journal()
	key, v, err := env.store.Get(t.Context(), name)
	if err = errors.Join(err, env.store.Delete(t.Context(), name, v)); err != nil {
		t.Fatal(err)
	}
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
	env.wantUnreadable(t, true)
	if _, err := env.store.Put(t.Context(), name, key, ""); err != nil {
		t.Fatal(err)
	}
	if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 2 {
		t.Errorf("with the key: generation %d, error %v", rec.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.wantNoJournal(t)
}

// TestRotation_OnlyTheRefreshToken checks that the refresh token of an answer without a usable access token is stored
// with the old access token, and presented after a pause.
func TestRotation_OnlyTheRefreshToken(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	old := env.refreshOnce(t)
	env.clock.advance(life)
	env.writeJournal(t, journalState{
		generation: 2, state: journal.StateSending,
		answer: raw(`{"access_token":"t\u00f6ken","refresh_token":"the-next"}`),
	})
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) || errors.Is(err, helper.ErrUnread) {
		t.Errorf("error %v, want ErrTemporary", err)
	}
	rec := env.read(t)
	if c := rec.Credential; c.Generation != 3 || c.RefreshToken.Reveal() != "the-next" ||
		!c.AccessToken.Equal(old.AccessToken) || !c.Expiry.Equal(old.Expiry) {
		t.Errorf("stored generation %d, expiry %v; want the new refresh token beside the old access token", c.Generation,
			c.Expiry)
	}
	if rec.Account.Unanswered != 1 || rec.Account.NotBefore.Sub(env.clock.Now()) != time.Minute ||
		rec.Account.Generation != 3 {
		t.Errorf("the account: %+v, want a pause of a minute", rec.Account)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.wantNoJournal(t)
}

// TestRotation_ForgetsWhatIsAside checks that the saved answer of a revoked sign-in is deleted.
func TestRotation_ForgetsWhatIsAside(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.keepUnreadable(t, raw(readable))
	a := env.read(t).Account
	env.rotation.At = func(step string) error {
		if step == "put-before" {
			env.accounts.set(func(a *helper.Account) { a.Erasing = true })
			return helper.ErrLocked
		}
		return nil
	}
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("error %v, want ErrConflict", err)
	}
	if env.rotation.Journals.IsKept(a.ID) {
		t.Error("a revoked token is kept")
	}
	env.wantRequests(t, authserver.GrantRevoke, 1)
	env.wantNoJournal(t)
}
