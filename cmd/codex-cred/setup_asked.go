package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
)

// A credentialProbe describes how to make a client print the credential that it would send. The
// client has a command for that, and sends nothing.
type credentialProbe struct {
	program string
	args    []string
	stdin   string
	// token finds the token in the output of the program.
	token func(output []byte) helper.Secret
}

// verifyGit runs git itself, which calls every helper configured for the host.
func verifyGit(ctx context.Context, s *setup) error {
	return s.askClient(ctx, credentialProbe{
		program: "git", args: []string{"credential", "fill"}, stdin: "url=https://" + s.Host + "\n\n",
		token: func(output []byte) helper.Secret {
			for line := range strings.Lines(string(output)) {
				if password, ok := strings.CutPrefix(strings.TrimSpace(line), "password="); ok {
					return helper.NewSecret(password)
				}
			}
			return helper.Secret{}
		},
	})
}

// verifyDocker runs the credential helper that docker would run for the host, in the same way.
func verifyDocker(ctx context.Context, s *setup) error {
	if there, err := s.inFiles(ctx, dockerEdits); err != nil || !there {
		return fault.WithHint(
			errors.Join(fmt.Errorf("docker's config names another program for %s", s.Host), err), s.putRight(),
		)
	}
	return s.askClient(ctx, credentialProbe{
		program: dockerProgram, args: []string{"get"}, stdin: s.Host,
		token: func(output []byte) helper.Secret {
			var answer struct{ Secret string }
			_ = json.Unmarshal(output, &answer) // an invalid answer has no token
			return helper.NewSecret(answer.Secret)
		},
	})
}

// askClient compares the token that the client would send with the account's token.
func (s *setup) askClient(ctx context.Context, a credentialProbe) error {
	output, said, runErr := s.ask(ctx, a)
	if errors.Is(runErr, exec.ErrNotFound) {
		return fault.WithHint(fmt.Errorf("%s is not in the PATH", a.program), "run it from a shell that finds "+a.program)
	}
	if neverRan(runErr) {
		return runErr
	}
	token := a.token(output)
	want, err := s.tokenDigest(ctx)
	switch {
	case err != nil:
		return err
	case token.Digest() == want:
		return s.tellVerified(want)
	case token.IsZero() && runErr != nil:
		err = fmt.Errorf("%s has no token for %s; it said: %s", s.Client, s.Host, lastLine(said+string(output)))
	case token.IsZero():
		err = fmt.Errorf("%s has no token for %s", s.Client, s.Host)
	default:
		err = fmt.Errorf("%s would send another secret than the token of account %q", s.Client, s.Account)
	}
	return fault.WithHint(err, fmt.Sprintf("look with: codex-cred host list; %s", s.putRight()))
}
