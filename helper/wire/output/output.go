// Package output writes a token for scripts and programs that use no protocol: header lines, shell assignments, a
// configuration for curl.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// Shells for which Env writes assignments.
const (
	ShellPOSIX      = "sh"
	ShellFish       = "fish"
	ShellPowerShell = "powershell"
)

// TokenVariable and AccountIDVariable are the environment variables in which a program finds the token and the
// account's id.
const (
	TokenVariable     = "CODEX_CRED_TOKEN" //nolint:gosec // the name, no token
	AccountIDVariable = "CODEX_CRED_ACCOUNT_ID"
)

// Token writes the token as a line.
func Token(out io.Writer, t wire.Token) error {
	return write(out, t.Access.Reveal()+"\n")
}

// Header writes the Authorization header as a line.
func Header(out io.Writer, t wire.Token) error {
	return write(out, wire.Authorization+": "+t.Bearer()+"\n")
}

// HeadersJSON writes all headers as one JSON object, in any order.
func HeadersJSON(out io.Writer, t wire.Token) error {
	object := map[string]string{}
	for _, h := range headers(t) {
		object[h.Name] = h.Value
	}
	text, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return write(out, string(text)+"\n")
}

// Curl writes all headers as a configuration file for "curl -K -".
func Curl(out io.Writer, t wire.Token) error {
	var b strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	for _, h := range headers(t) {
		if !isLine(h.Value) {
			return fmt.Errorf("the header %s cannot stand on a line", h.Name)
		}
		fmt.Fprintf(&b, "header = \"%s: %s\"\n", h.Name, escape.Replace(h.Value))
	}
	return write(out, b.String())
}

// Env writes assignments for the shell: the token and, if it is known, the account's id. An empty shell means a POSIX
// shell.
func Env(out io.Writer, shell string, t wire.Token) error {
	quote, form := posixQuote, "export %s=%s\n"
	switch shell {
	case "", ShellPOSIX:
	case ShellFish:
		quote, form = fishQuote, "set -gx %s %s\n"
	case ShellPowerShell:
		quote, form = powerShellQuote, "$env:%s = %s\n"
	default:
		return fmt.Errorf("there is no way to assign in %q", shell)
	}
	text := ""
	for _, v := range Variables(t) {
		if !isLine(v.Value) {
			return fmt.Errorf("the value of %s cannot stand on a line", v.Name)
		}
		text += fmt.Sprintf(form, v.Name, quote(v.Value))
	}
	return write(out, text)
}

// A Variable is an environment variable. Its value may be a secret.
type Variable struct{ Name, Value string }

// Variables returns the environment variables for a program.
func Variables(t wire.Token) []Variable {
	list := []Variable{{TokenVariable, t.Access.Reveal()}}
	if t.AccountID != "" {
		list = append(list, Variable{AccountIDVariable, t.AccountID})
	}
	return list
}

func headers(t wire.Token) []wire.Header {
	return append([]wire.Header{{Name: wire.Authorization, Value: t.Bearer()}}, t.Headers...)
}

// isLine reports whether the text contains no control characters.
func isLine(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func posixQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// powerShellQuote quotes for PowerShell, which treats several characters as a single quote.
func powerShellQuote(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

func write(out io.Writer, text string) error {
	_, err := io.WriteString(out, text)
	return err
}
