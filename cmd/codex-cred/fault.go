// Package fault holds the errors of the program that carry more than their text: a
// hint, an exit code, or that they were reported already.
package main

import (
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// Errors of commands, beside those of package helper. What they mean as exit codes is
// in package exit.
var (
	// errUsage: the command line breaks the rules.
	errUsage = errors.New("usage")
	// errPerson: a person must do something, and none is there.
	errPerson = errors.New("needs a person")
	// errFindings: an erase left something.
	errFindings = errors.New("not everything could be removed")
	// errNotRevoked: everything is deleted here, and the tokens are still valid at the
	// issuer.
	errNotRevoked = errors.New("the tokens were deleted but not revoked")
	// errNotMoved: an import or export left something.
	errNotMoved = errors.New("not everything could be moved")
	// errProblems: doctor found problems.
	errProblems = errors.New("to mend")
	// errForeign: a ChatGPT token would go to a host that is not ChatGPT's.
	errForeign = errors.New("only ChatGPT's own hosts get one")
)

// A commandLineError is a command line that breaks the rules; its text is all of it.
type commandLineError struct{ text string }

func (e *commandLineError) Error() string { return e.text }

func (e *commandLineError) Unwrap() error { return errUsage }

// usageError returns an error about the command line. Its text is the message alone.
func usageError(format string, args ...any) error {
	return &commandLineError{text: fmt.Sprintf(format, args...)}
}

// usageErrorHint returns an error about the command line with a hint.
func usageErrorHint(text, hint string) error { return withHint(usageError("%s", text), hint) }

// A hintedError is an error with a hint.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// withHint adds to the error what to do next.
func withHint(err error, hint string) error { return &hintedError{error: err, hint: hint} }

// ownHint returns the hint of the error, or nothing.
func ownHint(err error) string {
	if hinted := (*hintedError)(nil); errors.As(err, &hinted) {
		return hinted.hint
	}
	return ""
}

// A reportedError is an error that was printed where the caller's protocol wants it.
type reportedError struct{ error }

func (e *reportedError) Unwrap() error { return e.error }

// reported marks the error as printed already.
func reported(err error) error { return &reportedError{err} }

// isReported reports whether the error was printed already.
func isReported(err error) bool { return errors.As(err, new(*reportedError)) }

// An exitError is an error with an exit code.
type exitError struct {
	error
	code int
}

func (e *exitError) Unwrap() error { return e.error }

// exitWith gives the error an exit code in place of that of its kind.
func exitWith(code int, err error) error { return &exitError{err, code} }

// exitCodeOf returns the code that exitWith gave the error.
func exitCodeOf(err error) (code int, ok bool) {
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		return exit.code, true
	}
	return 0, false
}

// asArgument returns the account as it follows a command's name. It is always
// named: a command without a name may be about another one, see "use".
func asArgument(account string) string {
	if account == "" {
		return ""
	}
	return " " + account
}

func accountOf(err error) string {
	if about := (*helper.AccountError)(nil); errors.As(err, &about) {
		return about.Account
	}
	return ""
}
