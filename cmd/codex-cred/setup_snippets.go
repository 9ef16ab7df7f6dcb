package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// codexBase is where ChatGPT answers Codex.
const codexBase = "https://" + chatGPT + "/backend-api/codex"

// exampleHost stands in snippets for a host that nobody named.
const exampleHost = "HOST"

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
