package refresh_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRecover_Adopts checks that an answer in the journal is stored by the next rotation without a request. If its
// access token has expired, its refresh token is used in the same run.
func TestRecover_Adopts(t *testing.T) {
	for _, c := range []struct {
		name       string
		given      func(t *testing.T, env *environment)
		requests   int // more
		generation uint64
	}{
		{"at once", func(*testing.T, *environment) {}, 0, 2},
		{
			"in the last minutes of its access token",
			func(_ *testing.T, env *environment) { env.clock.advance(life - time.Minute) }, 1, 3,
		},
		{"when its access token has expired", func(_ *testing.T, env *environment) { env.clock.advance(life) }, 1, 3},
		{
			"over a stale item",
			func(t *testing.T, env *environment) { env.accounts.set(func(a *helper.Account) { a.Generation = 2 }) }, 0, 2,
		},
		{"while the next refresh is not due", func(t *testing.T, env *environment) {
			env.accounts.set(func(a *helper.Account) { a.NotBefore, a.Unanswered = env.clock.Now().Add(time.Minute), 1 })
		}, 0, 2},
		{"on another computer", func(t *testing.T, env *environment) {
			env.accounts.set(func(a *helper.Account) { a.Host = "one" })
			env.rotation.Host = "another"
		}, 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.killAfterSend(t)
			issued := env.server.Log()[len(env.server.Log())-1]
			c.given(t, env)
			rec, err := env.refresh(t)
			if err != nil {
				t.Fatal(err)
			}
			if stored := env.read(t); rec.Credential.Generation != c.generation || stored.Version != rec.Version ||
				stored.Account.Generation != c.generation {
				t.Errorf("generation %d, stored %d (%d); want %d", rec.Credential.Generation, stored.Credential.Generation,
					stored.Account.Generation, c.generation)
			}
			if a := rec.Account; a.Unanswered != 0 || !a.NotBefore.IsZero() {
				t.Errorf("unanswered %d, not before %v", a.Unanswered, a.NotBefore)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1+c.requests)
			last := env.server.Log()[len(env.server.Log())-1]
			if c.requests == 0 && authserver.Digest(rec.Credential.AccessToken.Reveal()) != issued.IssuedAccess ||
				c.requests > 0 && last.Presented != issued.IssuedRefresh {
				t.Error("the tokens are not those that the journal kept")
			}
			env.wantNoJournal(t)
		})
	}
}

// TestRecover_ExpiryFromTheRequest checks that the lifetime counts from the request, not from the adoption.
func TestRecover_ExpiryFromTheRequest(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.killAfterSend(t)
	start := env.clock.Now()
	env.clock.advance(10 * time.Minute)
	rec, err := env.refresh(t)
	if err != nil || !rec.Credential.ObtainedAt.Equal(start) || !rec.Credential.Expiry.Equal(start.Add(life)) {
		t.Errorf("error %v, obtained %v, expiry %v; want %v and an hour later", err, rec.Credential.ObtainedAt,
			rec.Credential.Expiry, start)
	}
}

// TestRotation_OtherPersonKeepsTheAnswer checks that another person's token is not stored, that the journal keeps the
// answer, and that nothing more is sent.
func TestRotation_OtherPersonKeepsTheAnswer(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOpenAI)
	env.clock.advance(life)
	old := env.read(t).Credential
	env.fail(t, authserver.Fault{Kind: authserver.OtherUser, Grant: authserver.GrantRefresh})
	for range 2 {
		if _, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{
			Account: "work", Generation: 1,
			Reason: helper.ReasonHand,
		}); !errors.Is(err, helper.ErrSignInRequired) {
			t.Errorf("error %v, want ErrSignInRequired", err)
		}
	}
	rec := env.read(t)
	if c := rec.Credential; c.Refused == "" || !c.AccessToken.Equal(old.AccessToken) ||
		!c.RefreshToken.Equal(old.RefreshToken) || c.Generation != 1 {
		t.Errorf("refused %q, generation %d; want the old tokens and a reason", c.Refused, c.Generation)
	}
	e, err := env.rotation.Journals.Read(rec.Account.ID, env.key(t))
	if err != nil || !json.Valid(e.Answer) || len(e.Answer) == 0 {
		t.Errorf("the journal: an answer of %d bytes, error %v", len(e.Answer), err)
	}
	raw, err := os.ReadFile(filepath.Clean(env.rotation.Journals.Path(rec.Account.ID)))
	if err != nil || bytes.Contains(raw, []byte("access_token")) {
		t.Errorf("the journal is readable without the key, or not there: %v", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
}

// TestRecover_StaleItemNoRefreshToken checks that an answer without a refresh token keeps the presented one. That of a
// stale item is spent.
func TestRecover_StaleItemNoRefreshToken(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	backup, _, err := env.store.Get(t.Context(), string(env.read(t).Account.ID))
	if err != nil {
		t.Fatal(err)
	}
	env.refreshOnce(t)
	env.fail(t, authserver.Fault{Kind: authserver.NoRefreshToken, Grant: authserver.GrantRefresh})
	env.killAfterSend(t)
	if _, err := env.store.Put(t.Context(), string(env.read(t).Account.ID), backup, env.read(t).Version); err != nil {
		t.Fatal(err)
	}
	rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1})
	if err != nil || rec.Credential.Generation != 3 {
		t.Fatalf("generation %d, error %v; want 3", rec.Credential.Generation, err)
	}
	env.clock.advance(life)
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrSignInRequired) {
		t.Errorf("the next refresh: error %v, want ErrSignInRequired", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 2)
}

// TestRecover_Echo checks that errors of an adopted answer contain no secrets of the request.
func TestRecover_Echo(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.refreshOnce(t)
	env.clock.advance(life)
	rec := env.read(t)
	rec.Credential.RefreshToken = helper.NewSecret("short-secret")
	if _, err := env.rotation.Records.Write(t.Context(), rec.Account, rec.Credential, rec.Version); err != nil {
		t.Fatal(err)
	}
	env.writeJournal(t, journalState{
		generation: 2, state: journal.StateSending,
		answer: answered(500, `{"error":"x","error_description":"no short-secret here"}`),
	})
	if _, err := env.refresh(t); err == nil || strings.Contains(err.Error(), "short-secret") {
		t.Errorf("the error holds the refresh token, or there is none: %v", err)
	}
}

// TestRecover_OlderThanTheAccount checks that an answer older than the account's generation is not adopted: its tokens
// are spent.
func TestRecover_OlderThanTheAccount(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.killAfterSend(t) // the journal has generation 2
	env.accounts.set(func(a *helper.Account) { a.Generation = 3 })
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrSignInRequired) {
		t.Errorf("error %v, want ErrSignInRequired", err)
	}
	if got := env.read(t).Credential.Generation; got != 1 {
		t.Errorf("stored generation %d, want 1", got)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	env.wantNoJournal(t)
}
