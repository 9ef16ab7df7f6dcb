package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// codexBase is where ChatGPT answers Codex.
const codexBase = "https://" + chatGPT + "/backend-api/codex"

// exampleHost stands in snippets for a host that nobody named.
const exampleHost = "HOST"

// piClient has its models in ~/.pi/agent/models.json. It runs the command for
// every request.
func piClient() client {
	return client{name: "pi", home: codexBase, snippet: func(_ context.Context, s *setup) (string, error) {
		provider := map[string]any{"providers": map[string]any{"codex-cred": map[string]any{
			"baseUrl": cmp.Or(s.BaseURL, codexBase), "api": "openai-responses",
			"apiKey": "!" + s.shellCommand(), "models": []any{},
		}}}
		text, err := json.MarshalIndent(provider, "", "  ")
		return string(text) + "\n", err
	}}
}

// pnpmClient has the helper in the person's own .npmrc; pnpm reads it nowhere else.
func pnpmClient() client {
	return client{name: "pnpm", perHost: true, snippet: func(_ context.Context, s *setup) (string, error) {
		return fmt.Sprintf("//%s/:tokenHelper=%s\n", cmp.Or(s.Host, exampleHost), s.shellCommand()), nil
	}}
}

// rcloneClient has the command in the section of a webdav remote.
func rcloneClient() client {
	return client{name: "rclone", snippet: func(_ context.Context, s *setup) (string, error) {
		return fmt.Sprintf("[codex-cred]\ntype = webdav\nurl = %s\nbearer_token_command = %s\n",
			cmp.Or(s.BaseURL, "https://"+exampleHost), s.shellCommand()), nil
	}}
}

// curlClient reads the headers from standard input: what is on its command line,
// everybody on the computer can see.
func curlClient() client {
	return client{name: "curl", home: codexBase, snippet: func(_ context.Context, s *setup) (string, error) {
		return s.shellCommand("--format", "curl") + " | curl --config - " + cmp.Or(s.BaseURL, "https://"+chatGPT+"/backend-api/wham/usage") + "\n", nil
	}}
}

// shellCommand is the command that prints the token, for a shell.
func (s *setup) shellCommand(flags ...string) string {
	words := append([]string{quoted(s.Command), "get", s.Account}, flags...)
	return strings.Join(words, " ")
}
