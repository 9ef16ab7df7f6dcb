package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// TestHandOff_SwappedFile replaces the file between export's check of the path and its write, while
// it gets a token. Export must neither write the new file nor change its mode.
func TestHandOff_SwappedFile(t *testing.T) {
	const precious = `{"OPENAI_API_KEY":"sk-precious"}`
	for what, swap := range map[string]func(t *testing.T, path, other string){
		"a link": func(t *testing.T, path, other string) {
			must(t, os.Symlink(other, path))
		},
		"a file": func(t *testing.T, path, other string) { must(t, os.Rename(other, path)) },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			path, other := filepath.Join(dir, "auth.json"), filepath.Join(dir, "other.json")
			must(t, os.WriteFile(other, []byte(precious), 0o644))
			must(t, exportable(path))
			swap(t, path, other)
			if err := handOffTo(path); err == nil {
				t.Error("it is replaced")
			}
			content, err := os.ReadFile(path)
			must(t, err)
			info, err := os.Stat(path)
			must(t, err)
			if string(content) != precious || info.Mode().Perm() != 0o644 {
				t.Errorf("it is %q now, with the mode %v", content, info.Mode())
			}
		})
	}
}

// TestHandOff_LooseFile checks that a hand-off that other users can read is replaced by one that
// they cannot.
func TestHandOff_LooseFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "auth.json")
	must(t, handOffTo(path))
	must(t, os.Chmod(path, 0o644))
	must(t, exportable(path))
	must(t, handOffTo(path))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want the mode 0600", info, err)
	}
}

func handOffTo(path string) error {
	p := &program{Terminal: &terminal.Terminal{Now: time.Now, Err: io.Discard}}
	return p.handOff("work", path, helper.Credential{
		AccessToken: helper.NewSecret("at-1"), Expiry: time.Now().Add(time.Hour),
		Issuer: helper.Issuer{Profile: "openai"}, Identity: helper.Identity{AccountID: "acct-1"},
	})
}
