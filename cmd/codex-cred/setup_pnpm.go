package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
)

// pnpmClient sets the token helper in the user's own .npmrc; pnpm reads it nowhere else. pnpm 12
// allows arguments, and prefixes the output with "Bearer".
func pnpmClient() client {
	c := client{
		name:    "pnpm",
		perHost: true,
		verify:  verifyPnpm,
		snippet: func(_ context.Context, s *setup) (string, error) {
			return s.pnpmKey() + "=" + s.pnpmCommand() + "\n", s.wordsAlone()
		},
	}
	return editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.xdgPath("HOME", "", ".npmrc")
		if err == nil {
			err = s.wordsAlone()
		}
		line := s.pnpmKey() + "=" + s.pnpmCommand()
		return []configEdit{{
			path: path,
			put: func(content []byte, replace bool) ([]byte, []string, error) {
				if bytes.HasPrefix(content, []byte("[")) || bytes.Contains(content, []byte("\n[")) {
					return nil, nil, fault.WithHint(
						errors.New("it has sections"), "put before them what this prints: codex-cred setup pnpm --host "+s.Host,
					)
				}
				return putLine(content, line, replace)
			},
			take: func(content []byte) ([]byte, error) { return takeLine(content, line), nil },
		}}, err
	})
}

func (s *setup) pnpmKey() string { return "//" + s.hostOrExample() + "/:tokenHelper" }

func (s *setup) pnpmCommand() string { return s.Command + " get " + s.Account }

// verifyPnpm asks pnpm which command it would run for the host, and runs that command. pnpm sends
// the token only to that host, so no other server can take its place.
func verifyPnpm(ctx context.Context, s *setup) error {
	configured, said, err := s.ask(ctx, credentialProbe{program: "pnpm", args: []string{"config", "get", s.pnpmKey()}})
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fault.WithHint(errors.New("pnpm is not in the PATH"), "run it from a shell that finds pnpm")
	case neverRan(err):
		return err
	case err != nil:
		return fmt.Errorf("pnpm does not tell what it asks; it said: %s", lastLine(said))
	case strings.TrimSpace(string(configured)) != s.pnpmCommand():
		return fault.WithHint(fmt.Errorf("pnpm does not run %q for %s", s.pnpmCommand(), s.Host), s.putRight())
	}
	words := strings.Fields(s.pnpmCommand())
	return s.askClient(ctx, credentialProbe{
		program: words[0], args: words[1:],
		token: func(output []byte) helper.Secret { return helper.NewSecret(strings.TrimSpace(string(output))) },
	})
}
