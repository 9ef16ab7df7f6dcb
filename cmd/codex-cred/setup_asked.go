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

// An credentialProbe is how a client is made to show which credential it would send: it has
// a command for that, and sends nothing.
type credentialProbe struct {
	program string
	args    []string
	stdin   string
	// token finds the token in what the program prints.
	token func(output []byte) helper.Secret
}

// verifyGit asks git itself, which asks all helpers that are configured for the host.
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

// verifyDocker asks the program that docker runs for the host, as docker does.
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
			_ = json.Unmarshal(output, &answer) // what is no answer has no token
			return helper.NewSecret(answer.Secret)
		},
	})
}

// askClient compares what the client would send with the token of the account.
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
