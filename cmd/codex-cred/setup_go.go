package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
)

// goVariable is the variable with the list of commands that the go command runs for credentials.
const goVariable = "GOAUTH"

// goClient sets the variable in the file that "go env -w" changes. It keeps netrc, the default of
// the go command.
func goClient() client {
	c := client{name: "go", verify: verifyGo, snippet: func(_ context.Context, s *setup) (string, error) {
		line, err := s.goLine()
		return s.hostHint() + "go env -w " + fault.Quote(line) + "\n", err
	}}
	return editing(c, func(_ context.Context, s *setup) ([]configEdit, error) {
		path, err := s.goEnv()
		if err != nil {
			return nil, err
		}
		line, err := s.goLine()
		return []configEdit{{
			path: path,
			put:  func(content []byte, replace bool) ([]byte, []string, error) { return putLine(content, line, replace) },
			take: func(content []byte) ([]byte, error) { return takeLine(content, line), nil },
		}}, err
	})
}

func (s *setup) goEnv() (string, error) {
	path := s.Getenv("GOENV")
	if path == "off" {
		return "", fault.WithHint(errors.New("GOENV is off, so go reads no config"), "unset it")
	}
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return "", fault.WithHint(err, "set HOME")
		}
		path = filepath.Join(dir, "go", "env")
	}
	return filepath.Abs(path)
}

// goLine returns the line of the file. The go command does not support quotes.
func (s *setup) goLine() (string, error) {
	if strings.ContainsAny(s.Command, " \t;") {
		return "", fault.WithHint(
			fmt.Errorf("go cannot run %q, which has a space in it", s.Command), "run codex-cred through a link without one",
		)
	}
	return goVariable + "=netrc;" + s.goCommand(), nil
}

func (s *setup) goCommand() string { return s.Command + " helper goauth" }

// verifyGo runs our command as the go command does before its first request. The go command sends
// the credentials only to the hosts that they name, so a server on this computer would receive
// nothing.
func verifyGo(ctx context.Context, s *setup) error {
	rows, err := s.Hosts.Rows()
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(r hosttable.Row) bool { return r.Account != s.Account || !r.Host.Secure() })
	if len(rows) == 0 {
		return fault.WithHint(
			fmt.Errorf("no host gets the tokens of account %q from go", s.Account),
			fmt.Sprintf("run: codex-cred host add https://%s %s", exampleHost, s.Account),
		)
	}
	configured, said, err := s.ask(ctx, credentialProbe{program: "go", args: []string{"env", goVariable}})
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fault.WithHint(errors.New("go is not in the PATH"), "run it from a shell that finds go")
	case neverRan(err):
		return err
	case err != nil:
		return fmt.Errorf("go does not tell what it asks; it said: %s", lastLine(said))
	case !s.goAsks(string(configured)):
		return fault.WithHint(
			fmt.Errorf("go does not ask %q", s.goCommand()), s.putRight()+", and unset "+goVariable+" in the environment",
		)
	}
	words := strings.Fields(s.goCommand())
	answer, said, err := s.ask(ctx, credentialProbe{program: words[0], args: words[1:]})
	if neverRan(err) {
		return err
	}
	if err != nil {
		return fmt.Errorf("go has no token; our command failed (%w) and said: %s", err, lastLine(said))
	}
	return s.goAnswer(ctx, answer, rows)
}

// goAsks reports whether our command is in the list of the variable.
func (s *setup) goAsks(configured string) bool {
	for command := range strings.SplitSeq(configured, ";") {
		if strings.Join(strings.Fields(command), " ") == s.goCommand() {
			return true
		}
	}
	return false
}

// goAnswer verifies that the answer has the token of the account for every host.
func (s *setup) goAnswer(ctx context.Context, answer []byte, rows []hosttable.Row) error {
	want, err := s.tokenDigest(ctx)
	if err != nil {
		return err
	}
	answers := map[string]string{} // SHA-256 of the token, by host
	host := ""
	for line := range strings.Lines(string(answer)) {
		line = strings.TrimSpace(line)
		if token, ok := strings.CutPrefix(line, wire.Authorization+": Bearer "); ok {
			answers[host] = sha256Of(token)
		} else if line != "" {
			host = line
		}
	}
	for _, row := range rows {
		if got := answers[row.Host.String()]; got != want {
			return fault.WithHint(
				fmt.Errorf("go would send %s something else than the token of account %q", row.Host, s.Account),
				"look with: codex-cred host list",
			)
		}
	}
	return s.tellVerified(want)
}
