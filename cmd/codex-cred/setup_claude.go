package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// anthropicBase is the default base URL of Claude Code.
const anthropicBase = "https://api.anthropic.com"

// claudeClient sets the apiKeyHelper in Claude Code's settings. Claude Code caches the output for
// five minutes, or CLAUDE_CODE_API_KEY_HELPER_TTL_MS, and runs the command again after a 401.
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

// claudeSettings returns the path of the user's settings.
func (s *setup) claudeSettings() (string, error) {
	return s.configPath("CLAUDE_CONFIG_DIR", ".claude", "settings.json")
}

// configPath returns the path of the file in the directory that the variable names, or else in dir
// below the home directory.
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

// claudeKeys returns the settings. Claude Code warns about a helper that takes ten seconds, and the
// token must outlive the five minutes for which it is cached.
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

// asksUs reports whether setup, in any version, wrote the command for the account of the record.
func (s *setup) asksUs(command string) bool {
	rest, ok := strings.CutPrefix(command, s.shellCommand())
	return ok && (rest == "" || rest[0] == ' ')
}
