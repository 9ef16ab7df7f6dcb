package main

import (
	"cmp"
	"context"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// codexBase is the base URL of ChatGPT's API for Codex.
const codexBase = "https://" + chatGPT + "/backend-api/codex"

// exampleHost is the host in snippets if the user named none.
const exampleHost = "HOST"

// curlClient passes the header on standard input, because every user of the computer can see a
// command line.
func curlClient() client {
	return client{name: "curl", home: codexBase, snippet: func(_ context.Context, s *setup) (string, error) {
		return s.shellCommand("--format", "curl") + " | curl --config - " +
			cmp.Or(s.BaseURL, "https://"+chatGPT+"/backend-api/wham/usage") + "\n", nil
	}}
}

// shellCommand returns the shell command that prints the token.
func (s *setup) shellCommand(flags ...string) string {
	words := append([]string{fault.Quote(s.Command), "get", s.Account}, flags...)
	return strings.Join(words, " ")
}
