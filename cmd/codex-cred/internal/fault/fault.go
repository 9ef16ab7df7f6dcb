// Package fault defines the errors that carry more than their text: a hint, an
// exit code, or that they were printed already.
package fault

import (
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// Errors of commands, in addition to those of package helper. Package exit maps
// them to exit codes.
var (
	// ErrUsage: the command line is invalid.
	ErrUsage = errors.New("usage")
	// ErrNeedsPerson: a user must do something, and none is present.
	ErrNeedsPerson = errors.New("needs a person")
	// ErrFindings: an erase did not remove everything.
	ErrFindings = errors.New("not everything could be removed")
	// ErrNotRevoked: everything is deleted here, but the tokens are still valid at
	// the issuer.
	ErrNotRevoked = errors.New("the tokens were deleted but not revoked")
	// ErrNotMoved: an import or export did not move everything.
	ErrNotMoved = errors.New("not everything could be moved")
	// ErrProblems: doctor found problems.
	ErrProblems = errors.New("to mend")
	// ErrForeign: a ChatGPT token would be sent to a host that is not ChatGPT's.
	ErrForeign = errors.New("only ChatGPT's own hosts get one")
)

// A commandLineError is an ErrUsage whose text is the whole message.
type commandLineError struct{ text string }

func (e *commandLineError) Error() string { return e.text }

func (e *commandLineError) Unwrap() error { return ErrUsage }

// Usage returns an ErrUsage with the text as its whole message.
func Usage(format string, args ...any) error {
	return &commandLineError{text: fmt.Sprintf(format, args...)}
}

// UsageHint returns an ErrUsage with a hint.
func UsageHint(text, hint string) error { return WithHint(Usage("%s", text), hint) }

// A hintedError is an error with a hint.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// WithHint adds a hint to the error: what to do next.
func WithHint(err error, hint string) error { return &hintedError{error: err, hint: hint} }

// Hint returns the hint of the error, or an empty string.
func Hint(err error) string {
	if hinted := (*hintedError)(nil); errors.As(err, &hinted) {
		return hinted.hint
	}
	return ""
}

// A reportedError is an error that was printed where the caller's protocol
// expects it.
type reportedError struct{ error }

func (e *reportedError) Unwrap() error { return e.error }

// Reported marks the error as printed, so that it is not printed again.
func Reported(err error) error { return &reportedError{err} }

// IsReported reports whether the error was printed already.
func IsReported(err error) bool { return errors.As(err, new(*reportedError)) }

// An exitError is an error with an exit code.
type exitError struct {
	error
	code int
}

func (e *exitError) Unwrap() error { return e.error }

// ExitWith gives the error an exit code, in place of that of its kind.
func ExitWith(code int, err error) error { return &exitError{err, code} }

// ExitCode returns the exit code that ExitWith gave the error.
func ExitCode(err error) (code int, ok bool) {
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		return exit.code, true
	}
	return 0, false
}

// AsArgument returns the account as an argument after a command's name, with a
// leading space. The account is always named, because without a name the
// command may use another default account.
func AsArgument(account string) string {
	if account == "" {
		return ""
	}
	return " " + account
}

// AccountOf returns the account that the error is about, or an empty string.
func AccountOf(err error) string {
	if about := (*helper.AccountError)(nil); errors.As(err, &about) {
		return about.Account
	}
	return ""
}
