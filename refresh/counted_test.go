package refresh_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestRotation_CountsOnceThoughTheJournalStays checks that an unanswered refresh is counted once, even if its journal
// cannot be deleted, and that the next one is made after the pause.
func TestRotation_CountsOnceThoughTheJournalStays(t *testing.T) {
	for name, given := range map[string]struct {
		fault    string
		killed   string // at this step
		advanced time.Duration
	}{
		"no answer, expired":                   {authserver.DropBefore, "", life},
		"no answer, in its last minutes":       {authserver.DropBefore, "", life - time.Minute},
		"no answer, in the middle of its life": {authserver.DropBefore, "", life / 2},
		"an internal error":                    {authserver.Status500, "", life},
		"interrupted":                          {authserver.DropBefore, "parse", life},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(given.advanced)
			env.fail(t, authserver.Fault{Kind: given.fault, Grant: authserver.GrantRefresh})
			stays := errors.New("the journal stays")
			env.rotation.At = func(step string) error {
				if step == "empty" || step == given.killed {
					return stays
				}
				return nil
			}
			due := time.Time{}
			for n := range 4 {
				env.clock.advance(time.Second)
				if _, err := env.refresh(t); err == nil {
					t.Error("the journal could be emptied")
				}
				a := env.read(t).Account
				if n == 0 && given.killed != "" {
					given.killed = ""
					continue
				}
				if due.IsZero() {
					due = a.NotBefore
				}
				if a.Unanswered != 1 || !a.NotBefore.Equal(due) {
					t.Errorf("run %d: unanswered %d, due %v; want 1 and %v", n, a.Unanswered, a.NotBefore, due)
				}
			}
			env.rotation.At = nil
			env.clock.advance(due.Sub(env.clock.Now()))
			_, _ = env.refresh(t) // may be the one that empties the journal
			if rec, err := env.rotation.Refresh(timeoutContext(t), helper.Demand{Account: "work", Generation: 2}); err != nil ||
				rec.Credential.Generation != 3 {
				t.Errorf("when it is due: generation %d, error %v; want 3", rec.Credential.Generation, err)
			}
			env.wantRequests(t, authserver.GrantRefresh, 3)
			env.wantNoJournal(t)
		})
	}
}

// TestRecover_CountsAnother checks that the count is that of an earlier refresh if its pause began before the mark, and
// that an implausible pause is ignored.
func TestRecover_CountsAnother(t *testing.T) {
	for name, given := range map[string]struct {
		unanswered int
		due        time.Duration // from the mark
	}{
		"asked by hand in the pause":   {1, 59 * time.Second},
		"after the pause":              {2, -time.Minute},
		"asked to wait":                {0, 10 * time.Minute},
		"a pause that is not believed": {1, 48 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			env := newEnvironment(t, refresh.ProfileOAuth)
			env.refreshOnce(t)
			env.clock.advance(life)
			env.writeJournal(t, journalState{generation: 2, state: journal.StateSending})
			env.accounts.set(func(a *helper.Account) {
				a.Unanswered, a.NotBefore = given.unanswered,
					env.clock.Now().Add(given.due)
			})
			if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) {
				t.Errorf("error %v, want ErrTemporary", err)
			}
			if got := env.read(t).Account.Unanswered; got != given.unanswered+1 {
				t.Errorf("unanswered %d, want %d", got, given.unanswered+1)
			}
			env.wantRequests(t, authserver.GrantRefresh, 1)
		})
	}
}

// TestRecover_CountsTorn checks that an unreadable mark counts as a new unanswered refresh.
func TestRecover_CountsTorn(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.refreshOnce(t)
	env.clock.advance(life)
	env.writeJournal(t, journalState{generation: 2, state: journal.StateSending})
	rec := env.read(t)
	if err := os.WriteFile(env.rotation.Journals.Path(rec.Account.ID), []byte(`{"version":1,`), 0o600); err != nil {
		t.Fatal(err)
	}
	env.accounts.set(func(a *helper.Account) { a.Unanswered, a.NotBefore = 1, env.clock.Now().Add(time.Minute) })
	if _, err := env.refresh(t); !errors.Is(err, helper.ErrTemporary) || env.read(t).Account.Unanswered != 2 {
		t.Errorf("unanswered %d, error %v; want 2 and ErrTemporary", env.read(t).Account.Unanswered, err)
	}
}

// TestRotation_CountsEachForced checks that each forced refresh counts, even during the pause of another.
func TestRotation_CountsEachForced(t *testing.T) {
	env := newEnvironment(t, refresh.ProfileOAuth)
	env.fail(t, authserver.Fault{Kind: authserver.Status500, Grant: authserver.GrantRefresh, Times: 2})
	for want := 1; want <= 2; want++ {
		_, err := env.rotation.Refresh(timeoutContext(t),
			helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonForce})
		if got := env.read(t).Account.Unanswered; got != want || !errors.Is(err, helper.ErrTemporary) {
			t.Errorf("unanswered %d, error %v; want %d and ErrTemporary", got, err, want)
		}
	}
}
