package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// schemaVersion of every JSON output. It rises when a member changes its
// meaning or goes; new members may come at any time.
const schemaVersion = 1

// report tells a person, and with --format json a program, why the run failed:
// one line, and what to do next.
func (p *program) report(err error) {
	line, hint := terminal.OneLine(err.Error()), p.orNearAccount(err, hintFor(err))
	if errors.Is(err, context.Canceled) {
		line = "interrupted"
		if terminal.IsTerminal(p.Err) {
			_, _ = io.WriteString(p.Err, "\n") // after the ^C
		}
	}
	p.Warn("%s", withTheHint(line, hint))
	if !p.jsonErrors {
		return
	}
	_ = terminal.WriteJSON(p.Err, struct {
		SchemaVersion int    `json:"schema_version"`
		Error         string `json:"error"`
		Account       string `json:"account,omitempty"`
		Message       string `json:"message"`
		Hint          string `json:"hint,omitempty"`
		ExitCode      int    `json:"exit_code"`
	}{schemaVersion, classify(err).kind, fault.AccountOf(err), line, hint, exitCode(err)})
}

// orNearAccount asks whether another account was meant, if there is none of that name
// and one of a name like it, and tells how to see those of other names.
func (p *program) orNearAccount(err error, hint string) string {
	account := fault.AccountOf(err)
	if account == "" || fault.Hint(err) != "" || !errors.Is(classify(err).err, helper.ErrNotFound) {
		return hint
	}
	var names []string
	for _, c := range p.accountNames().candidates {
		if c.word == account {
			return hint
		}
		names = append(names, c.word)
	}
	near := orNearest(account, names, hint)
	if near != hint || len(names) == 0 {
		return near
	}
	return "see which there are: codex-cred list; or " + hint
}

func withTheHint(line, hint string) string {
	if hint == "" {
		return line
	}
	return line + "; " + hint
}

func hintFor(err error) string {
	if own := fault.Hint(err); own != "" {
		return own
	}
	if unsafe := (*helper.UnsafeError)(nil); errors.As(err, &unsafe) {
		return unsafe.Fix
	}
	if shared := (*helper.SharedError)(nil); errors.As(err, &shared) {
		return "move it here: codex-cred import --from " + quoted(shared.Source) + "; or sign in anew: codex-cred login" + fault.AsArgument(fault.AccountOf(err)) + " --replace"
	}
	hint := classify(err).hint
	if onFiles := (*fs.PathError)(nil); errors.Is(err, helper.ErrUnavailable) && errors.As(err, &onFiles) {
		hint = "check who may write there, and the disk"
	}
	if strings.Contains(hint, "%") {
		return fmt.Sprintf(hint, fault.AsArgument(fault.AccountOf(err)))
	}
	return hint
}
