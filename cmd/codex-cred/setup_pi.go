package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// piProvider is pi's built-in provider for ChatGPT. pi knows its models and headers.
const piProvider = "openai-codex"

// piClient sets the command in ~/.pi/agent/models.json. pi runs it for every request and reads the
// account's id from the token. pi requires a base URL beside a key.
func piClient() client {
	c := client{name: "pi", home: codexBase, snippet: piSnippet, verify: verifyPi}
	c = editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.configPath("PI_CODING_AGENT_DIR", ".pi/agent", "models.json")
		return []configEdit{jsonEdit(path, s.piKeys())}, err
	})
	change := c.write
	c.write = func(ctx context.Context, s *setup) error {
		rec, err := s.Records.Read(ctx, s.Account)
		if err == nil && !wire.ChatGPT(rec.Credential) {
			err = fault.WithHint(errors.New("pi takes ChatGPT's tokens alone there"),
				fmt.Sprintf("give a provider of your own in models.json this apiKey: \"%s\"", s.piKey()))
		}
		if err != nil {
			return helper.ForAccount(s.Account, err)
		}
		return change(ctx, s)
	}
	return c
}

// piKey returns the command. pi kills a command after ten seconds.
func (s *setup) piKey() string { return "!" + s.shellCommand("--timeout", "9s") }

func (s *setup) piKeys() []jsonKey {
	return []jsonKey{
		{path: []string{"providers", piProvider, "baseUrl"}, value: cmp.Or(s.BaseURL, codexBase)},
		{path: []string{"providers", piProvider, "apiKey"}, value: s.piKey(), ours: func(value string) bool {
			return len(value) > 0 && value[0] == '!' && s.asksUs(value[1:])
		}},
	}
}

func piSnippet(_ context.Context, s *setup) (string, error) {
	return jsonSnippet(s.piKeys())
}

// verifyPi sets the base URL with an extension, which overrides the config. pi's own sign-in
// overrides both.
func verifyPi(ctx context.Context, s *setup) error {
	const extension = "witness.mjs"
	return s.tryClient(ctx, trialRun{
		program: "pi", contentType: "text/event-stream", answer: verifyAnswer,
		file: func(w *recordingServer) (string, string) {
			base, _ := json.Marshal(map[string]string{"baseUrl": w.url + "/codex"}) // strings always have an encoding
			return extension, fmt.Sprintf("export default (pi) => { pi.registerProvider(%q, %s); };\n", piProvider, base)
		},
		args: func(string) []string {
			return []string{
				"--print", "hello", "--model", piProvider + "/gpt-5.5", "--no-session", "--no-tools",
				"--no-skills", "--no-context-files", "--no-extensions", "--extension", "./" + extension,
			}
		},
		environment: func(string) []string { return []string{"PI_OFFLINE=1", "PI_TELEMETRY=0"} },
		hint:        s.putRight() + "; and sign out of ChatGPT in pi itself",
	})
}
