package exit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// A Reporter prints why a run failed.
type Reporter struct {
	// Terminal is where the error is printed.
	Terminal *terminal.Terminal
	// JSON also prints the error as a JSON object on standard error.
	JSON bool
	// Names returns the names of the existing accounts, for suggestions; nil:
	// none.
	Names func() []string
}

// Report prints why the run failed and what to do next, on one line. With JSON
// it prints the same for programs.
func (r *Reporter) Report(err error) {
	line, hint := terminal.OneLine(err.Error()), r.orNearAccount(err, Hint(err))
	if errors.Is(err, context.Canceled) {
		line = "interrupted"
		if terminal.IsTerminal(r.Terminal.Err) {
			_, _ = io.WriteString(r.Terminal.Err, "\n") // after the ^C
		}
	}
	r.Terminal.Warn("%s", JoinHint(line, hint))
	if !r.JSON {
		return
	}
	_ = terminal.WriteJSON(r.Terminal.Err, struct {
		SchemaVersion int    `json:"schema_version"`
		Error         string `json:"error"`
		Account       string `json:"account,omitempty"`
		Message       string `json:"message"`
		Hint          string `json:"hint,omitempty"`
		ExitCode      int    `json:"exit_code"`
	}{terminal.SchemaVersion, Classify(err).Kind, fault.AccountOf(err), line, hint, Code(err)})
}

// orNearAccount returns the hint for an account that does not exist: an account
// with a similar name, or else how to list the accounts.
func (r *Reporter) orNearAccount(err error, hint string) string {
	account := fault.AccountOf(err)
	if r.Names == nil || account == "" || fault.Hint(err) != "" || !errors.Is(Classify(err).Err, helper.ErrNotFound) {
		return hint
	}
	names := r.Names()
	if slices.Contains(names, account) {
		return hint
	}
	near := fault.Suggest(account, names, hint)
	if near != hint || len(names) == 0 {
		return near
	}
	return "see which there are: codex-cred list; or " + hint
}

// JoinHint appends the hint to the line, if there is one.
func JoinHint(line, hint string) string {
	if hint == "" {
		return line
	}
	return line + "; " + hint
}

// Hint returns what to do next about the error: the error's own hint, or that
// of its kind.
func Hint(err error) string {
	if own := fault.Hint(err); own != "" {
		return own
	}
	if unsafe := (*helper.UnsafeError)(nil); errors.As(err, &unsafe) {
		return unsafe.Fix
	}
	if shared := (*helper.SharedError)(nil); errors.As(err, &shared) {
		return "move it here: codex-cred import --from " + fault.Quote(shared.Source) +
			"; or sign in anew: codex-cred login" + fault.AsArgument(fault.AccountOf(err)) + " --replace"
	}
	hint := Classify(err).hint
	if onFiles := (*fs.PathError)(nil); errors.Is(err, helper.ErrUnavailable) && errors.As(err, &onFiles) {
		hint = "check who may write there, and the disk"
	}
	if strings.Contains(hint, "%") {
		return fmt.Sprintf(hint, fault.AsArgument(fault.AccountOf(err)))
	}
	return hint
}

// Line returns the error and what to do next, on one line.
func Line(err error) string { return JoinHint(terminal.OneLine(err.Error()), Hint(err)) }
