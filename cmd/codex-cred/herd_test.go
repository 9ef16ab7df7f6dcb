package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/internal/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

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
	for _, store := range []string{storeFile, storeKeychain} {
		t.Run(store, func(t *testing.T) {
			play(t, "testdata/herd/herd.txtar", &stage{t: t, profile: refresh.ProfileOAuth, store: store, built: built})
		})
	}
}
