package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// TestTakeOut checks that import does not lose what another program writes to its file between
// import's read and write, and does not treat it as stored.
func TestTakeOut(t *testing.T) {
	const stored = `{"OPENAI_API_KEY":"sk-x","tokens":{"access_token":"a","refresh_token":"stored-token"}}`
	for _, c := range []struct {
		name, content, left string
		want                error
	}{
		{"as it was read", stored, `{"OPENAI_API_KEY":"sk-x"}`, nil},
		{"renewed", `{"tokens":{"access_token":"b","refresh_token":"renewed-token"}}`, "", helper.ErrConflict},
		{"signed out", `{"OPENAI_API_KEY":"sk-x"}`, "", helper.ErrNotFound},
		{"cut", stored[:20], "", helper.ErrInvalid},
		{"the token in a second place", `{"tokens":{"access_token":"a","refresh_token":"stored-token"},"copy":"stored-token"}`, "", helper.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auth.json")
			must(t, os.WriteFile(path, []byte(c.content), 0o600))
			pl := importPlan{moves: []move{
				{does: doesStore, in: []string{path}, credential: helper.Credential{RefreshToken: helper.NewSecret("stored-token")}},
				{does: doesNothing, in: []string{path}, credential: helper.Credential{RefreshToken: helper.NewSecret("another-token")}},
			}}
			if err := pl.takeOut(t.Context(), path); !errors.Is(err, c.want) {
				t.Errorf("takeOut: %v, want %v", err, c.want)
			}
			if c.want != nil {
				c.left = c.content
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != c.left {
				t.Errorf("left is %s (%v), want %s", got, err, c.left)
			}
		})
	}
}
