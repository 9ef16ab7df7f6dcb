// Package output writes a token as scripts and programs read it that speak no
// protocol: header lines, shell assignments, a configuration for curl.
package output

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/codex-cred/codex-cred/helper/wire"
)

// Shells whose assignments Env writes.
const (
	ShellPOSIX      = "sh"
	ShellFish       = "fish"
	ShellPowerShell = "powershell"
)

// TokenVariable and AccountIDVariable are the names under which a program finds
// the token and the account's id in its environment.
const (
	TokenVariable     = "CODEX_CRED_TOKEN" //nolint:gosec // the name, no token
	AccountIDVariable = "CODEX_CRED_ACCOUNT_ID"
)

// Token writes the token on a line of its own.
func Token(out io.Writer, t wire.Token) error {
	return write(out, t.Access.Reveal()+"\n")
}

// Header writes the header that carries the token on a line of its own.
func Header(out io.Writer, t wire.Token) error {
	return write(out, wire.Authorization+": "+t.Bearer()+"\n")
}

// HeadersJSON writes all headers as one JSON object, in no promised order.
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

// Curl writes all headers as a configuration file of curl's, for "curl -K -".
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

// Env writes assignments for the shell to evaluate: the token and, if it is known,
// the account's id. A POSIX shell is what an empty shell stands for.
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

// A Variable is one of an environment. Its value may be a secret.
type Variable struct{ Name, Value string }

// Variables returns what a program finds in its environment.
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

// isLine reports whether the text has no characters that end a line or a string.
func isLine(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func posixQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func fishQuote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// powerShellQuote doubles the quote, and the characters that PowerShell takes for one.
func powerShellQuote(s string) string {
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

func write(out io.Writer, text string) error {
	_, err := io.WriteString(out, text)
	return err
}
