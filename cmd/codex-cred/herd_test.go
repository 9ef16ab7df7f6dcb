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

// keychainCallers returns how many callers to let ask a keychain at once: 500, or
// fewer where the machine starts the program more slowly than in 5 ms. A caller gives
// up on a keychain that is silent for 3 s, and before that all must have started.
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

// TestHerd lets 500 processes ask at once. They are of the program as it is
// released: with the race detector each takes ten times the memory, and the
// machine would be tested instead.
func TestHerd(t *testing.T) {
	parts.NeedSlow(t)
	_, err := exec.LookPath("go")
	parts.Need(t, "go", err)
	built := filepath.Join(t.TempDir(), "codex-cred.exe") // Windows wants a name like that
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
