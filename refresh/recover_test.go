package refresh_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// key returns the key of the sign-in's journal.
func (env *environment) key(t *testing.T) []byte {
	t.Helper()
	key, _, err := env.store.Get(t.Context(), env.read(t).Account.ID.Journal())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// A journalState is the journal of a killed rotation.
type journalState struct {
	generation uint64 // of the mark
	state      journal.State
	key        []byte // that seals the answer; nil is the right one
	answer     string // empty: none
}

func (env *environment) writeJournal(t *testing.T, state journalState) {
	t.Helper()
	rec, key := env.read(t), state.key
	if key == nil {
		key = env.key(t)
	}
	j, err := env.rotation.Journals.Open(rec.Account.ID, key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	m := journal.Mark{
		Attempt: "attempt", ID: rec.Account.ID, Generation: state.generation, Token: rec.Credential.RefreshToken.Digest(),
		Time: env.clock.Now(), State: state.state,
	}
	if err := j.Mark(m); err != nil {
		t.Fatal(err)
	}
	if state.answer == "" {
		return
	}
	if err := j.Answer([]byte(state.answer)); err != nil {
		t.Fatal(err)
	}
}

// answered returns an answer in the journal's format.
func answered(status int, body string) string {
	b, err := json.Marshal(map[string]any{
		"host": "a.example", "start": "2027-01-01T12:30:00Z", "status": status,
		"body": []byte(body),
	})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// TestRecover_Mark checks what follows from the journal of the stored credential, of generation 2, if the access token
// has expired and a refresh is requested.
func TestRecover_Mark(t *testing.T) {
	const intent, sending = journal.StateIntent, journal.StateSending
	tokens := answered(200,
		`{"access_token":"from-the-journal","refresh_token":"r","token_type":"Bearer","expires_in":3600}`)
	other := bytes.Repeat([]byte{7}, journal.KeySize)
	for _, c := range []struct {
		name       string
		left       journalState
		why        helper.Reason
		err        error
		requests   int
		generation uint64 // stored afterwards
		refused    bool
		unanswered int
		pause      time.Duration // until the next refresh
	}{
		{"intent: nothing was sent", journalState{2, intent, nil, ""}, helper.ReasonExpiry, nil, 1, 3, false, 0, 0},
		{
			"sending, no answer",
			journalState{2, sending, nil, ""},
			helper.ReasonExpiry, helper.ErrTemporary, 0, 2, false, 1,
			time.Minute,
		},
		{
			"sending, no answer, by hand",
			journalState{2, sending, nil, ""},
			helper.ReasonHand, helper.ErrUnanswered, 0, 2,
			false, 1, time.Minute,
		},
		{"sending, no answer, forced", journalState{2, sending, nil, ""}, helper.ReasonForce, nil, 1, 3, false, 0, 0},
		{"tokens", journalState{2, sending, nil, tokens}, helper.ReasonExpiry, nil, 0, 3, false, 0, 0},
		{"tokens, by hand", journalState{2, sending, nil, tokens}, helper.ReasonHand, nil, 0, 3, false, 0, 0},
		{"tokens, for a rejection", journalState{2, sending, nil, tokens}, helper.ReasonRejected, nil, 0, 3, false, 0, 0},
		{
			"tokens of the stored generation",
			journalState{1, sending, nil, tokens},
			helper.ReasonExpiry, nil, 1, 3, false, 0,
			0,
		},
		{"sending of the generation before", journalState{1, sending, nil, ""}, helper.ReasonExpiry, nil, 1, 3, false, 0, 0},
		{
			"tokens sealed with another key",
			journalState{2, sending, other, tokens},
			helper.ReasonExpiry, helper.ErrTemporary,
			0, 2, false, 1, time.Minute,
		},
		{
			"an answer that is not ours",
			journalState{2, sending, nil, "[]"},
			helper.ReasonExpiry, helper.ErrTemporary, 0, 2,
			false, 1, time.Minute,
		},
		{
			"an empty body",
			journalState{2, sending, nil, answered(200, "")},
			helper.ReasonExpiry, helper.ErrTemporary, 0, 2,
			false, 1, time.Minute,
		},
		{
			"an internal error",
			journalState{2, sending, nil, answered(500, "")},
			helper.ReasonExpiry, helper.ErrTemporary, 0,
			2, false, 1, time.Minute,
		},
		{
			"too many requests",
			journalState{2, sending, nil, answered(429, "")},
			helper.ReasonExpiry, helper.ErrTemporary, 0,
			2, false, 0, time.Minute,
		},
		{
			"a refusal",
			journalState{2, sending, nil, answered(400, `{"error":"invalid_grant"}`)},
			helper.ReasonExpiry,
			helper.ErrSignInRequired, 0, 2, true, 0, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			env.writeJournal(t, c.left)
			_, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 2, Reason: c.why})
			env.wantNoSecrets(t, err)
			if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			rec := env.read(t)
			if rec.Credential.Generation != c.generation || rec.Account.Generation != c.generation ||
				(rec.Credential.Refused != "") != c.refused {
				t.Errorf("stored generation %d (%d), refused %q; want %d, %t", rec.Credential.Generation, rec.Account.Generation,
					rec.Credential.Refused, c.generation, c.refused)
			}
			if pause := max(rec.Account.NotBefore.Sub(env.clock.Now()), 0); rec.Account.Unanswered != c.unanswered ||
				pause != c.pause {
				t.Errorf("unanswered %d, next in %v; want %d, %v", rec.Account.Unanswered, pause, c.unanswered, c.pause)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1+c.requests)
			env.wantNoJournal(t)
		})
	}
}

// TestRecover_CountsOnce checks that an unanswered refresh is counted once, and that its journal is deleted.
func TestRecover_CountsOnce(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.refreshOnce(t)
	env.clock.advance(life)
	env.writeJournal(t, journalState{generation: 2, state: journal.StateSending})
	for range 3 {
		if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) {
			t.Errorf("error %v, want ErrTemporary", err)
		}
	}
	if got := env.read(t).Account.Unanswered; got != 1 {
		t.Errorf("unanswered %d, want 1", got)
	}
	env.clock.advance(time.Minute)
	if rec, err := env.refresh(t); err != nil || rec.Credential.Generation != 3 || rec.Account.Unanswered != 0 {
		t.Errorf("after the pause: error %v, generation %d, unanswered %d", err, rec.Credential.Generation,
			rec.Account.Unanswered)
	}
}

// TestRecover_NotNoted checks that the journal stays if it cannot be recorded in the account's file.
func TestRecover_NotNoted(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.refreshOnce(t)
	env.clock.advance(life)
	env.writeJournal(t, journalState{generation: 2, state: journal.StateSending})
	env.accounts.fail = helper.ErrFull
	if _, err := env.rotation.Refresh(timeoutContext(t),
		helper.Demand{Account: "work", Generation: 2, Reason: helper.ReasonHand}); !errors.Is(err, helper.ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
	env.wantRequests(t, authserver.GrantRefresh, 1)
	if e, err := env.rotation.Journals.Read(env.read(t).Account.ID, nil); err != nil || e.State != journal.StateSending {
		t.Errorf("the journal: state %q, error %v; want the mark", e.State, err)
	}
}

// TestRecover_Unreadable checks that an invalid journal counts as one whose request was sent, and that the journal of a
// newer codex-cred is not touched and stops the refresh.
func TestRecover_Unreadable(t *testing.T) {
	for _, c := range []struct {
		name, content string
		err           error
		unanswered    int
		stays         bool
	}{
		{"torn", `{"version":1,"attempt":"a`, helper.ErrTemporary, 1, false},
		{"wrong checksum", "{\"version\":1}\n0123456789abcdef0123456789abcdef\n", helper.ErrTemporary, 1, false},
		{"newer", `{"version":2}`, helper.ErrNewer, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			env.writeJournal(t, journalState{generation: 2, state: journal.StateIntent})
			path := env.rotation.Journals.Path(env.read(t).Account.ID)
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := env.refresh(t); !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if got := env.read(t).Account.Unanswered; got != c.unanswered {
				t.Errorf("unanswered %d, want %d", got, c.unanswered)
			}
			if b, _ := os.ReadFile(path); (string(b) == c.content) != c.stays {
				t.Errorf("the file holds %q", b)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1)
		})
	}
}

// TestRecover_Key checks that without the journal's key the answer is not used, and that an unavailable key decides
// nothing.
func TestRecover_Key(t *testing.T) {
	for _, c := range []struct {
		name       string
		spoil      func(t *testing.T, env *environment, name string) error
		err        error
		unanswered int
		kept       bool
	}{
		{"missing", func(t *testing.T, env *environment, name string) error {
			return helper.Keeper{Records: env.rotation.Records}.DeleteItem(t.Context(), "memory", name)
		}, helper.ErrTemporary, 1, false},
		{"of another length", func(t *testing.T, env *environment, name string) error {
			key, v, err := env.store.Get(t.Context(), name)
			if err == nil {
				_, err = env.store.Put(t.Context(), name, key[1:], v)
			}
			return err
		}, helper.ErrCorrupt, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.killAfterSend(t)
			id := env.read(t).Account.ID
			if err := c.spoil(t, env, id.Journal()); err != nil {
				t.Fatal(err)
			}
			if _, err := env.refresh(t); !errors.Is(err, c.err) {
				t.Errorf("error %v, want %v", err, c.err)
			}
			if got := env.read(t).Account.Unanswered; got != c.unanswered {
				t.Errorf("unanswered %d, want %d", got, c.unanswered)
			}
			if e, err := env.rotation.Journals.Read(id, nil); (err == nil) != c.kept {
				t.Errorf("the journal: %+v, error %v; want any: %t", e.Mark, err, c.kept)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1)
		})
	}
}

// killAfterSend stops a rotation when its answer is in the journal and not yet settled, with an expired access token.
func (env *environment) killAfterSend(t *testing.T) {
	t.Helper()
	env.clock.advance(life)
	env.rotation.At = func(step string) error {
		if step == "parse" {
			return errors.New("killed")
		}
		return nil
	}
	if _, err := env.refresh(t); err == nil {
		t.Fatal("the rotation went on")
	}
	env.rotation.At = nil
}

// TestRotation_UnansweredNotNoted checks the same for a refresh whose outcome could not be recorded.
func TestRotation_UnansweredNotNoted(t *testing.T) {
	for _, fault := range []string{authserver.Status500, authserver.DropBefore} {
		env := newEnvironment(t, refresh.ProfileOAuth)
		env.clock.advance(life)
		env.fail(t, authserver.Fault{Kind: fault, Grant: authserver.GrantRefresh})
		env.accounts.fail = helper.ErrFull
		if _, err := env.refresh(t); !errors.Is(err, helper.ErrFull) {
			t.Errorf("%s: error %v, want ErrFull", fault, err)
		}
		if e, err := env.rotation.Journals.Read(env.read(t).Account.ID, nil); err != nil || e.State != journal.StateSending {
			t.Errorf("%s: the journal: state %q, error %v; want the mark", fault, e.State, err)
		}
		if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) || env.read(t).Account.Unanswered != 1 {
			t.Errorf("%s: the next: error %v, unanswered %d; want ErrTemporary and 1", fault, err,
				env.read(t).Account.Unanswered)
		}
		env.wantRequests(t, authserver.GrantRefresh, 1)
		env.wantNoJournal(t)
	}
}
