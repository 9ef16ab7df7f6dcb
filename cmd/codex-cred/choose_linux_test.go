package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/keychain"
)

// TestTrialOfKeePassXC checks that a keychain that asks the user about every item is distinguished
// from a locked one, and that the test item is removed or named.
func TestTrialOfKeePassXC(t *testing.T) {
	parts.NeedSlow(t)
	for what, c := range map[string]struct {
		confirm testkeyring.Confirm
		stays   bool // because the user does not answer
	}{
		"asks about what is read":        {testkeyring.Confirm{Access: true}, false},
		"asks about all, nobody answers": {testkeyring.Confirm{Access: true, Delete: true}, true},
	} {
		t.Run(what, func(t *testing.T) {
			x := testkeyring.StartKeePassXC(t, c.confirm)
			x.Setenv(t)
			t.Setenv("CODEX_CRED_HOME", filepath.Join(t.TempDir(), "root"))
			w, err := (&program{Terminal: &terminal.Terminal{Now: time.Now}, Process: &process.Process{Getenv: os.Getenv}}).wire()
			if err != nil {
				t.Fatal(err)
			}
			w.Keychain.Timeout = 2 * time.Second
			err = w.Probe(t.Context(), home.StoreKeychain)
			if o := exit.Classify(err); o.Err != keychain.ErrConfirm { //nolint:errorlint // the row itself
				t.Errorf("error %v is of the kind %q, %v", err, o.Kind, o.Err)
			}
			trial := string(w.TrialID())
			if got := slices.Contains(x.Items(t), trial); got != c.stays {
				t.Errorf("the trial stays: %v, want %v", got, c.stays)
			}
			deleting := "delete " + w.Location(home.StoreKeychain, trial)
			if c.stays != strings.Contains(err.Error(), deleting) {
				t.Errorf("error %q; the trial stays: %v", err, c.stays)
			}
		})
	}
}
