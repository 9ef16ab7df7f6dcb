package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/packaging/opencode"
)

// verifyWait is longer than OpenCode waits at its first start for a package that
// it does not find.
const verifyWait = 3 * time.Minute

// verifyModel is one that OpenCode offers with a ChatGPT sign-in.
const verifyModel = openAI + "/gpt-5.5"

// verifyAnswer is how the API ends an answer without a word.
const verifyAnswer = `data: {"type":"response.created","response":{"id":"r","created_at":1,"model":"m"}}

data: {"type":"response.completed","response":{"id":"r","created_at":1,"model":"m","status":"completed","output":[],"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}}}

`

// verifyOpenCode runs OpenCode once, as it is set up, with an API of ours, and
// without its history.
func verifyOpenCode(ctx context.Context, s *setup) error {
	path, err := exec.LookPath("opencode")
	if err != nil {
		return withHint(errors.New("opencode is not in the PATH"), "run it from a shell that finds opencode")
	}
	before, err := s.tokenDigest(ctx)
	if err != nil {
		return err
	}
	w, err := startWitness(ctx, "text/event-stream", verifyAnswer)
	if err != nil {
		return err
	}
	defer w.close()
	ctx, cancel := context.WithTimeout(ctx, verifyWait)
	defer cancel()
	said, failed := s.runOpenCode(ctx, path, w.url)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("run opencode: %w", err)
	}
	err = s.verified(ctx, w, before)
	if err != nil && failed != nil {
		err = fmt.Errorf("%w; it said: %s", err, said)
	}
	if err != nil {
		return withHint(fmt.Errorf("opencode: %w", err), "is it version 1? then run: codex-cred setup opencode --write")
	}
	return nil
}

// runOpenCode runs it in an empty directory, where no project has a config, and
// returns the last that it says.
func (s *setup) runOpenCode(ctx context.Context, path, endpoint string) (said string, err error) {
	empty, err := os.MkdirTemp("", "codex-cred-")
	if err != nil {
		return "nothing", fmt.Errorf("make a directory to run opencode in: %w", err)
	}
	defer func() { _ = os.RemoveAll(empty) }()
	defer s.whenSlow("opencode is running ...")()
	cmd := exec.CommandContext(ctx, path, "run", "--title", "codex-cred", "--model", verifyModel, "hello")
	cmd.Env = append(os.Environ(), opencode.VerifyVariable+"="+endpoint, "OPENCODE_DB=:memory:", "OPENCODE_DISABLE_AUTOUPDATE=1")
	var output bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = empty, &output, &output, time.Second
	err = cmd.Run()
	return lastLine(output.String()), err
}

// lastLine returns the last line that says something, without what colours it.
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
	return shown(last)
}
