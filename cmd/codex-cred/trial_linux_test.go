package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

// TestErase_LeavesATrialUnderWay checks that erase removes the item of a killed store test, but not
// the item of a running one, which would make that test fail.
func TestErase_LeavesATrialUnderWay(t *testing.T) {
	t.Parallel()
	s := newScene(t, home.StoreFile, nil, false)
	name := string((&home.Home{Root: s.root}).TrialID())
	item := filepath.Join(s.root, "credentials", name)
	for _, c := range []struct {
		what     string
		underWay bool
	}{{"a trial under way", true}, {"what a killed one left", false}} {
		must(t, os.WriteFile(item, []byte("a trial"), 0o600))
		unlock := func() error { return nil }
		if c.underWay {
			var err error
			unlock, err = filelock.New(s.root).Lock(t.Context(), name)
			must(t, err)
		}
		if got := s.cred("erase", "work", "--yes"); got.code != exit.OK {
			t.Errorf("erase beside %s: %+v", c.what, got)
		}
		if _, err := os.Stat(item); (err == nil) != c.underWay {
			t.Errorf("%s: its item is there: %t", c.what, err == nil)
		}
		must(t, unlock())
		s.signIn()
	}
}
