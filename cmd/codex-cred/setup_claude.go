package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// anthropicBase is where Claude Code sends the token unless it is told otherwise.
const anthropicBase = "https://api.anthropic.com"

// claudeClient has the command in its settings. Claude Code keeps what it prints
// for five minutes, or CLAUDE_CODE_API_KEY_HELPER_TTL_MS, and asks again after a
// 401.
func claudeClient() client {
	c := client{
		name: "claude-code", home: anthropicBase, snippet: claudeSnippet, verify: verifyClaude,
		keeps: claudeKeeps, keepsLess: "set a smaller CLAUDE_CODE_API_KEY_HELPER_TTL_MS",
	}
	return editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.claudeSettings()
		return []configEdit{jsonEdit(path, s.claudeKeys())}, err
	})
}

// claudeSettings is where the settings of the person are.
func (s *setup) claudeSettings() (string, error) {
	return s.configPath("CLAUDE_CONFIG_DIR", ".claude", "settings.json")
}

// configPath returns the file in the directory that the variable names, else in
// the one below the home.
func (p *program) configPath(variable, dir, file string) (string, error) {
	if own := p.Getenv(variable); own != "" {
		return filepath.Abs(filepath.Join(own, file))
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fault.WithHint(err, "set HOME")
	}
	return filepath.Join(home, dir, file), nil
}

// claudeKeys: Claude Code warns of a helper that takes ten seconds, and the token
// must outlive the five minutes for which it is kept.
func (s *setup) claudeKeys() []jsonKey {
	keys := []jsonKey{
		{path: []string{"apiKeyHelper"}, value: s.shellCommand("--timeout", "9s", "--min-ttl", askedTTL), ours: s.asksUs},
	}
	if s.BaseURL != "" {
		keys = append(keys, jsonKey{path: []string{"env", "ANTHROPIC_BASE_URL"}, value: s.BaseURL})
	}
	return keys
}

func claudeSnippet(_ context.Context, s *setup) (string, error) {
	return jsonSnippet(s.claudeKeys())
}

// asksUs reports whether a command, of any version, is one that setup wrote for
// the account of the record.
func (s *setup) asksUs(command string) bool {
	rest, ok := strings.CutPrefix(command, s.shellCommand())
	return ok && (rest == "" || rest[0] == ' ')
}
