package refresh_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRotation_ServedByAValidTokenOnly checks that a newer credential that has expired is refreshed.
func TestRotation_ServedByAValidTokenOnly(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.refreshOnce(t) // somebody else's refresh, to generation 2
	demand := helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonExpiry}
	if rec, err := env.rotation.Refresh(timeoutContext(t), demand); err != nil || rec.Credential.Generation != 2 {
		t.Errorf("while it is valid: generation %d, error %v; want 2", rec.Credential.Generation, err)
	}
	env.clock.advance(life)
	rec, err := env.rotation.Refresh(timeoutContext(t), demand)
	if err != nil || rec.Credential.Generation != 3 || !rec.Credential.Valid(env.clock.Now()) {
		t.Errorf("once it has expired: generation %d, error %v; want 3", rec.Credential.Generation, err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 2)
}

// TestGate_ServedByAValidTokenOnly checks the same for a caller that waits at the gate: it starts one worker.
func TestGate_ServedByAValidTokenOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := newGateEnvironment(t)
		rec, err := env.gate.Records.Read(t.Context(), "work")
		if err != nil {
			t.Fatal(err)
		}
		c := rec.Credential
		c.Generation, c.Expiry = 2, env.gate.Now() // it was valid for less than its refresh took
		env.write(t, c, rec.Version)
		done := make(chan helper.Record)
		go func() {
			rec, _ := env.gate.Refresh(t.Context(), helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonExpiry})
			done <- rec
		}()
		synctest.Wait()
		if len(env.workers) != 1 {
			t.Fatalf("%d workers, want 1", len(env.workers))
		}
		rec.Credential.Generation, rec.Credential.Expiry = 3, env.gate.Now().Add(time.Minute)
		read, _ := env.gate.Records.Read(t.Context(), "work")
		env.write(t, rec.Credential, read.Version)
		env.workers[0].reply(t)
		if got := <-done; got.Credential.Generation != 3 {
			t.Errorf("generation %d, want 3", got.Credential.Generation)
		}
	})
}

// TestRotation_OtherIssuerOrClient checks that the error says how the id_token differs, and that the journal keeps the
// answer.
func TestRotation_OtherIssuerOrClient(t *testing.T) {
	for claims, want := range map[string]string{
		`{"sub":"somebody-else"}`:              "another person's or account's token",
		`{"iss":"https://other.example"}`:      "an id_token of another issuer",
		`{"iss":"ISSUER/"}`:                    "an id_token whose issuer differs by the slash at its end",
		`{"iss":"ISSUER","aud":["x","other"]}`: "an id_token of another client",
	} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.refreshOnce(t)
		env.clock.advance(life)
		claims = strings.ReplaceAll(claims, "ISSUER", env.read(t).Credential.Issuer.URL)
		body, err := json.Marshal(map[string]any{
			"access_token": "a", "refresh_token": "r", "token_type": "Bearer",
			"id_token": "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln",
		})
		if err != nil {
			t.Fatal(err)
		}
		env.writeJournal(t, journalState{generation: 2, state: journal.StateSending, answer: answered(200, string(body))})
		_, err = env.refresh(t)
		if !errors.Is(err, helper.ErrSignInRequired) ||
			!strings.Contains(err.Error(), "answered the refresh with "+want+":") {
			t.Errorf("%s: error %v, want %q", claims, err, want)
		}
		if e, err := env.rotation.Journals.Read(env.read(t).Account.ID, env.key(t)); err != nil || len(e.Answer) == 0 {
			t.Errorf("%s: the sealed answer is gone: %v", claims, err)
		}
	}
}

// A discardingStore reports success and keeps the old item.
type discardingStore struct {
	storetest.Memory
	lies int // how many of the next Puts of a credential
}

func (s *discardingStore) Put(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (helper.Version, error) {
	if s.lies > 0 && expect != "" {
		s.lies--
		return helper.Digest(item), nil
	}
	return s.Memory.Put(ctx, name, item, expect)
}

// TestRotation_ReadsBack checks that a written credential counts only when it is read back: until then the journal
// keeps it, and it is written again.
func TestRotation_ReadsBack(t *testing.T) {
	for lies, stored := range map[int]bool{1: true, 100: false} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		liar := &discardingStore{}
		env.rotation.Records.Stores = helper.Router{"memory": liar}
		env.signIn(t, refresh.ProfileOAuth)
		env.clock.advance(life)
		liar.lies = lies
		rec, err := env.refresh(t)
		if (err == nil) != stored || !env.server.Accepts(rec.Credential.AccessToken.Reveal()) {
			t.Errorf("%d lies: error %v, want one: %t", lies, err, !stored)
		}
		liar.lies = 0
		if got := env.read(t).Credential.Generation; (got == 2) != stored {
			t.Errorf("%d lies: stored is generation %d", lies, got)
		}
		rec, err = env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 1})
		if err != nil || rec.Credential.Generation != 2 || env.read(t).Credential.Generation != 2 {
			t.Errorf("%d lies, the next refresh: generation %d, error %v; want 2", lies, rec.Credential.Generation, err)
		}
		env.wantRequests(t, authserver.GrantRefresh, 1)
	}
}
