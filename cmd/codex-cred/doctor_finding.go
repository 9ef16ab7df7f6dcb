package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// A verdict is the result of a check. The words are part of the interface:
// scripts depend on them.
type verdict string

const (
	verdictOK      verdict = "ok"
	verdictWarning verdict = "warning" // worth knowing
	verdictProblem verdict = "problem" // needs a fix
	verdictSkipped verdict = "skipped"
	verdictFixed   verdict = "fixed" // by --fix
)

// A finding is one line of doctor's report.
type finding struct {
	Check   string  `json:"check"`
	State   verdict `json:"state"`
	Account string  `json:"account,omitempty"`
	What    string  `json:"what"`
	// Fix is a command, or advice if no command fixes it.
	Fix string `json:"fix,omitempty"`

	// mend fixes the problem; nil if that is not safe.
	mend func(context.Context) error
}

func fine(format string, args ...any) finding {
	return finding{State: verdictOK, What: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) finding {
	return finding{State: verdictSkipped, What: fmt.Sprintf(format, args...)}
}

func warning(fix, format string, args ...any) finding {
	return finding{State: verdictWarning, What: fmt.Sprintf(format, args...), Fix: fix}
}

func problem(fix, format string, args ...any) finding {
	return finding{State: verdictProblem, What: fmt.Sprintf(format, args...), Fix: fix}
}

// problemFrom returns the error as a problem.
func problemFrom(err error) finding {
	return finding{
		State: verdictProblem, Account: fault.AccountOf(err), What: unaccounted(err), Fix: commandOf(exit.Hint(err)),
	}
}

// unaccounted returns the error's text without the account, which a finding
// names separately.
func unaccounted(err error) string {
	text := terminal.OneLine(err.Error())
	if account := fault.AccountOf(err); account != "" {
		text = strings.TrimPrefix(text, fmt.Sprintf("account %q: ", account))
	}
	return text
}

// commandOf returns the command in the hint, or the whole hint if it is not
// just a command.
func commandOf(hint string) string {
	hint = strings.TrimPrefix(hint, "run: ")
	if words, command, ok := strings.Cut(hint, ": codex-cred "); ok && !strings.ContainsAny(words, ";,") {
		return "codex-cred " + command
	}
	return hint
}

// of sets the account that the finding is about.
func (f finding) of(account string) finding {
	f.Account = account
	return f
}

// by sets the function that fixes the problem.
func (f finding) by(mend func(context.Context) error) finding {
	f.mend = mend
	return f
}

// named sets the name of the finding's check, unless it has one.
func named(check string, f finding) finding {
	f.Check = cmp.Or(f.Check, check)
	return f
}

// mended returns the finding after an attempt to fix the problem.
func (f finding) mended(err error) finding {
	if err != nil {
		f.What += "; mending it failed: " + terminal.OneLine(err.Error())
		return f
	}
	f.State, f.Fix = verdictFixed, ""
	return f
}

// orOK returns the findings, or one that all is well if there are none.
func orOK(found []finding, format string, args ...any) []finding {
	if len(found) == 0 {
		return []finding{fine(format, args...)}
	}
	return found
}

func count(found []finding, state verdict) int {
	n := 0
	for _, f := range found {
		if f.State == state {
			n++
		}
	}
	return n
}

func (v verdict) style() terminal.Style {
	switch v {
	case verdictOK, verdictFixed:
		return terminal.Good
	case verdictWarning:
		return terminal.Poor
	case verdictProblem:
		return terminal.Bad
	}
	return terminal.Plain
}

// printFindings prints one line for each finding, and how many there are of
// each state.
func (p *program) printFindings(format string, found []finding) error {
	if format == "json" {
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int       `json:"schema_version"`
			Problems      int       `json:"problems"`
			Warnings      int       `json:"warnings"`
			Findings      []finding `json:"findings"`
		}{terminal.SchemaVersion, count(found, verdictProblem), count(found, verdictWarning), found})
	}
	return terminal.Write(p.Out, p.Table(findingRows(found))+"\n"+summary(found)+"\n")
}

func findingRows(found []finding) [][]terminal.Cell {
	rows := make([][]terminal.Cell, 0, 1+len(found))
	rows = append(rows, []terminal.Cell{
		{Text: "STATE", Style: terminal.Header},
		{Text: "CHECK", Style: terminal.Header},
		{Text: "FINDING", Style: terminal.Header},
	})
	for _, f := range found {
		rows = append(rows, []terminal.Cell{
			{Text: string(f.State), Style: f.State.style()},
			{Text: f.Check, Style: terminal.Plain},
			{Text: f.text(), Style: terminal.Plain},
		})
	}
	return rows
}

func (f finding) text() string {
	text := f.What
	if f.Account != "" {
		text = fmt.Sprintf("account %q: %s", f.Account, text)
	}
	return exit.JoinHint(text, f.Fix)
}

func summary(found []finding) string {
	var parts []string
	for _, state := range []verdict{verdictProblem, verdictWarning, verdictFixed, verdictSkipped} {
		if n := count(found, state); n > 0 && (state == verdictProblem || state == verdictWarning) {
			parts = append(parts, terminal.Plural(n, string(state)))
		} else if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), "All is well.")
}
