package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/rundir"
)

// A trialRun describes how to run a client so that it sends one request to a recording server.
type trialRun struct {
	program     string
	contentType string
	answer      string
	// proxied is the HTTPS host in whose place the recording server answers, as the client's proxy.
	// The zero value: the client connects to the recording server itself.
	proxied wire.Host
	// file returns a file for the client's working directory; nil for none.
	file func(w *recordingServer) (name, content string)
	// args and environment are those of the client, for a recording server at the URL.
	args        func(url string) []string
	environment func(url string) []string
	// hint says what to do if the client sends something else.
	hint string
}

// verifyWait bounds a run of the client. It is longer than clients wait, without a network, for what
// they fetch when they start.
const verifyWait = 3 * time.Minute

// verifyCodex sets the base URL on the command line, which overrides the config.
func verifyCodex(ctx context.Context, s *setup) error {
	return s.tryClient(ctx, trialRun{
		program: "codex", contentType: "text/event-stream", answer: verifyAnswer,
		args: func(url string) []string {
			return []string{
				"exec", "--ephemeral", "--skip-git-repo-check", "--sandbox", "read-only",
				"-c", "model_providers." + codexProvider + ".base_url=\"" + url + "\"",
				"-c", "model_provider=\"" + codexProvider + "\"", "hello",
			}
		},
		environment: func(string) []string { return nil },
		hint:        s.putRight(),
	})
}

// putRight is the hint for a changed config of the client.
func (s *setup) putRight() string {
	return fmt.Sprintf("put it right: codex-cred setup %s %s --write --replace%s", s.Client, s.Account, flagsOf(s.Record))
}

// claudeAnswer is a short answer of Anthropic's API.
const claudeAnswer = `event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}

event: message_stop
data: {"type":"message_stop"}

`

// verifyClaude sets the base URL in settings on the command line, which override the user's.
func verifyClaude(ctx context.Context, s *setup) error {
	return s.tryClient(ctx, trialRun{
		program: "claude", contentType: "text/event-stream", answer: claudeAnswer,
		args: func(url string) []string {
			return []string{
				"-p", "hello", "--no-session-persistence", "--strict-mcp-config",
				"--settings", `{"env":{"ANTHROPIC_BASE_URL":` + encoded(url) + `}}`,
			}
		},
		environment: func(string) []string {
			return []string{"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1"}
		},
		hint: s.putRight(),
	})
}

// tryClient runs the client once, as it is configured, against a recording server.
func (s *setup) tryClient(ctx context.Context, run trialRun) error {
	path, err := exec.LookPath(run.program)
	if err != nil {
		return fault.WithHint(fmt.Errorf("%s is not in the PATH", run.program), "run it from a shell that finds "+run.program)
	}
	before, err := s.tokenDigest(ctx)
	if err != nil {
		return err
	}
	w, err := startWitness(ctx, run)
	if err != nil {
		return err
	}
	defer w.close()
	ctx, cancel := context.WithTimeout(ctx, verifyWait)
	defer cancel()
	said, failed := "", error(nil)
	err = s.runIn(run.program, func(folder *rundir.Run) error {
		said, failed = s.runTrial(ctx, path, run, w, folder)
		return nil
	})
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("run %s: %w", run.program, err)
	}
	err = s.verified(ctx, w, before)
	if err != nil && failed != nil {
		err = fmt.Errorf("%w; it said: %s", err, said)
	}
	if err != nil {
		return fault.WithHint(fmt.Errorf("%s: %w", s.Client, err), run.hint)
	}
	return nil
}

// lastLine returns the last line of the text that is not blank, without colors.
func lastLine(text string) string {
	last := ""
	for line := range strings.Lines(text) {
		for { // ESC [ NUMBERS m
			before, after, ok := strings.Cut(line, "\x1b[")
			if !ok {
				break
			}
			_, after, _ = strings.Cut(after, "m")
			line = before + after
		}
		if line = strings.TrimSpace(line); line != "" {
			last = line
		}
	}
	return terminal.Sanitize(last)
}
