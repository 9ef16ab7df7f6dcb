package refresh_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestAdopt checks that Adopt settles the journal and sends nothing, and that it fails only if a credential stays in
// the journal.
func TestAdopt(t *testing.T) {
	for _, c := range []struct {
		name       string
		given      func(t *testing.T, env *environment)
		err        error
		generation uint64
		unanswered int
		waits      bool
	}{
		{"nothing", func(*testing.T, *environment) {}, nil, 2, 0, false},
		{"an answer", func(t *testing.T, env *environment) { env.killAfterSend(t) }, nil, 3, 0, false},
		{"a mark without an answer", func(t *testing.T, env *environment) {
			env.writeJournal(t, journalState{generation: 2, state: journal.StateSending})
		}, nil, 2, 1, false},
		{"an answer that is none", func(t *testing.T, env *environment) {
			env.writeJournal(t, journalState{generation: 2, state: journal.StateSending, answer: answered(500, "")})
		}, nil, 2, 1, false},
		{"an answer that the store does not take", func(t *testing.T, env *environment) {
			env.killAfterSend(t)
			env.store.fail = []error{helper.ErrLocked}
		}, helper.ErrLocked, 2, 0, true},
		{"a mark that cannot be noted", func(t *testing.T, env *environment) {
			env.writeJournal(t, journalState{generation: 2, state: journal.StateSending})
			env.accounts.fail = helper.ErrFull
		}, helper.ErrFull, 2, 0, true},
		{"what a newer codex-cred wrote", func(t *testing.T, env *environment) {
			env.writeJournal(t, journalState{generation: 2, state: journal.StateIntent})
			if err := os.WriteFile(env.rotation.Journals.Path(env.read(t).Account.ID), []byte(`{"version":2}`),
				0o600); err != nil {
				t.Fatal(err)
			}
		}, helper.ErrNewer, 2, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			c.given(t, env)
			sent := env.server.Count(authserver.GrantRefresh)
			if err := env.rotation.Adopt(timeoutContext(t), env.read(t).Account); !errors.Is(err, c.err) ||
				(err == nil) != (c.err == nil) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			rec := env.read(t)
			if rec.Credential.Generation != c.generation || rec.Account.Unanswered != c.unanswered {
				t.Errorf("stored generation %d, unanswered %d; want %d and %d", rec.Credential.Generation, rec.Account.Unanswered,
					c.generation, c.unanswered)
			}
			if files, err := env.rotation.Journals.Files(); err != nil || len(files) > 0 != c.waits {
				t.Errorf("journals %q, %v; want any: %t", files, err, c.waits)
			}
			env.wantRequests(t, authserver.GrantRefresh, sent)
		})
	}
}

// TestAdopt_SignedInAgain checks that Adopt does not touch another sign-in.
func TestAdopt_SignedInAgain(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	a := env.read(t).Account
	env.killAfterSend(t)
	env.signIn(t, refresh.ProfileOAuth)
	if err := env.rotation.Adopt(timeoutContext(t), a); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("error %v, want ErrConflict", err)
	}
	if _, err := env.rotation.Journals.Read(a.ID, nil); err != nil {
		t.Errorf("the journal of the first: %v", err)
	}
}

// TestNewest checks that Newest returns the journal's credential if it is newer than the stored one and has tokens.
func TestNewest(t *testing.T) {
	tokens := answered(200,
		`{"access_token":"from-the-journal","refresh_token":"r","token_type":"Bearer","expires_in":3600}`)
	for _, c := range []struct {
		name  string
		left  *journalState
		spoil func(env *environment)
		newer bool
	}{
		{"nothing", nil, nil, false},
		{"tokens", &journalState{2, journal.StateSending, nil, tokens}, nil, true},
		{"tokens of the stored generation", &journalState{1, journal.StateSending, nil, tokens}, nil, false},
		{
			"tokens sealed with another key",
			&journalState{2, journal.StateSending, bytes.Repeat([]byte{7}, journal.KeySize), tokens}, nil, false,
		},
		{"no answer yet", &journalState{2, journal.StateSending, nil, ""}, nil, false},
		{"a refusal", &journalState{2, journal.StateSending, nil, answered(400, `{"error":"invalid_grant"}`)}, nil, false},
		{"tokens with an internal error", &journalState{
			2, journal.StateSending, nil,
			answered(500, `{"access_token":"x","token_type":"Bearer"}`),
		}, nil, false},
		{"a key that cannot be read", &journalState{2, journal.StateSending, nil, tokens}, func(env *environment) {
			env.rotation.Records.Stores = helper.Router{"memory": &lockedStore{faultyStore: env.store, n: 1}}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			stored := env.refreshOnce(t)
			if c.left != nil {
				env.writeJournal(t, *c.left)
			}
			a := env.read(t).Account
			if c.spoil != nil {
				c.spoil(env)
			}
			got := env.rotation.Newest(timeoutContext(t), helper.Account{ID: a.ID, Store: a.Store}, stored)
			want, generation, expiry := stored.RefreshToken, uint64(2), stored.Expiry
			if c.newer {
				want, generation, expiry = helper.NewSecret("r"), 3, time.Date(2027, 1, 1, 13, 30, 0, 0, time.UTC)
			}
			if !got.RefreshToken.Equal(want) || got.Generation != generation || !got.Expiry.Equal(expiry) {
				t.Errorf("generation %d, expiry %v, the refresh token is the one wanted: %t; want %d and %v", got.Generation,
					got.Expiry, got.RefreshToken.Equal(want), generation, expiry)
			}
			if files, err := env.rotation.Journals.Files(); err != nil || len(files) > 0 != (c.left != nil) {
				t.Errorf("journals %q, %v", files, err)
			}
		})
	}
}
