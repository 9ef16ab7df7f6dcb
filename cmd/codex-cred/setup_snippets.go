package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// codexBase is where ChatGPT answers Codex.
const codexBase = "https://" + chatGPT + "/backend-api/codex"

// exampleHost stands in snippets for a host that nobody named.
const exampleHost = "HOST"

// curlClient reads the headers from standard input: what is on its command line,
// everybody on the computer can see.
func curlClient() client {
	return client{name: "curl", home: codexBase, snippet: func(_ context.Context, s *setup) (string, error) {
		return s.shellCommand("--format", "curl") + " | curl --config - " +
			cmp.Or(s.BaseURL, "https://"+chatGPT+"/backend-api/wham/usage") + "\n", nil
	}}
}

// shellCommand is the command that prints the token, for a shell.
func (s *setup) shellCommand(flags ...string) string {
	words := append([]string{fault.Quote(s.Command), "get", s.Account}, flags...)
	return strings.Join(words, " ")
}
