package main

import (
	"context"

	"github.com/codex-cred/codex-cred/packaging/opencode"
)

// verifyModel is a model that OpenCode offers with a ChatGPT sign-in.
const verifyModel = openAI + "/gpt-5.5"

// verifyAnswer is an empty answer of the API.
const verifyAnswer = `data: {"type":"response.created","response":{"id":"r","created_at":1,"model":"m"}}

data: {"type":"response.completed","response":{"id":"r","created_at":1,"model":"m","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}

`

// verifyOpenCode runs OpenCode without its history. The plugin reads the address of the API from
// the environment.
func verifyOpenCode(ctx context.Context, s *setup) error {
	return s.tryClient(ctx, trialRun{
		program: "opencode", contentType: "text/event-stream", answer: verifyAnswer,
		args: func(string) []string {
			return []string{"run", "--title", "codex-cred", "--model", verifyModel, "hello"}
		},
		environment: func(url string) []string {
			return []string{opencode.VerifyVariable + "=" + url, "OPENCODE_DB=:memory:", "OPENCODE_DISABLE_AUTOUPDATE=1"}
		},
		hint: "is it version 1? then run: codex-cred setup opencode --write",
	})
}
