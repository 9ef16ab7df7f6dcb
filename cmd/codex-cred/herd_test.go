package main

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// keychainCallers returns how many callers run at once on a keychain: 500, or fewer if the machine
// starts the program more slowly than in 5 ms. A caller gives up on a silent keychain after 3 s,
// and all must have started before that.
func keychainCallers(t *testing.T, built string) int {
	t.Helper()
	const most, runs, usual = 500, 20, 5 * time.Millisecond
	began := time.Now()
	for range runs {
		if out, err := exec.CommandContext(t.Context(), built, "version").CombinedOutput(); err != nil {
			t.Fatalf("version: %v\n%s", err, out)
		}
	}
	each := time.Since(began) / runs
	n := min(most, int(most*usual/each))
	t.Logf("one start takes %s: %d callers", each.Round(time.Microsecond), n)
	return n
}

// TestHerd runs 500 processes at once. It uses a release build: with the race detector a process
// takes ten times the memory, and the test would measure the machine.
func TestHerd(t *testing.T) {
	parts.NeedSlow(t)
	_, err := exec.LookPath("go")
	parts.Need(t, "go", err)
	built := filepath.Join(t.TempDir(), "codex-cred.exe") // Windows requires this extension
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "urfave_cli_no_docs,nethttpomithttp2", "-trimpath", "-ldflags", "-s -w", "-o", built, ".")
	build.Env = append(build.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	for _, store := range []string{home.StoreFile, home.StoreKeychain} {
		t.Run(store, func(t *testing.T) {
			s := &stage{t: t, profile: refresh.ProfileOAuth, store: store, built: built}
			if store == home.StoreKeychain {
				s.most = keychainCallers(t, built)
			}
			play(t, "testdata/herd/herd.txtar", s)
		})
	}
}
