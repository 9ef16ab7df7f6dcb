package output_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/output"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func token() wire.Token {
	return wire.Token{
		Access: helper.NewSecret("at-1"), AccountID: "acct-1",
		Headers: []wire.Header{{Name: "ChatGPT-Account-Id", Value: "acct-1"}},
	}
}

func text(t *testing.T, write func(*strings.Builder) error) string {
	t.Helper()
	var out strings.Builder
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestForms(t *testing.T) {
	for want, write := range map[string]func(*strings.Builder) error{
		"at-1\n":                       func(out *strings.Builder) error { return output.Token(out, token()) },
		"Authorization: Bearer at-1\n": func(out *strings.Builder) error { return output.Header(out, token()) },
		`{"Authorization":"Bearer at-1","ChatGPT-Account-Id":"acct-1"}` + "\n": func(out *strings.Builder) error {
			return output.HeadersJSON(out, token())
		},
		"header = \"Authorization: Bearer at-1\"\nheader = \"ChatGPT-Account-Id: acct-1\"\n": func(out *strings.Builder) error {
			return output.Curl(out, token())
		},
		"export CODEX_CRED_TOKEN='at-1'\nexport CODEX_CRED_ACCOUNT_ID='acct-1'\n": func(out *strings.Builder) error {
			return output.Env(out, "", token())
		},
		"set -gx CODEX_CRED_TOKEN 'at-1'\nset -gx CODEX_CRED_ACCOUNT_ID 'acct-1'\n": func(out *strings.Builder) error {
			return output.Env(out, output.ShellFish, token())
		},
		"$env:CODEX_CRED_TOKEN = 'at-1'\n$env:CODEX_CRED_ACCOUNT_ID = 'acct-1'\n": func(out *strings.Builder) error {
			return output.Env(out, output.ShellPowerShell, token())
		},
		"export CODEX_CRED_TOKEN='at-1'\n": func(out *strings.Builder) error {
			return output.Env(out, output.ShellPOSIX, wire.Token{Access: helper.NewSecret("at-1")})
		},
	} {
		if got := text(t, write); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if err := output.Env(&strings.Builder{}, "cmd", token()); err == nil {
		t.Error("assignments for a shell that is not known")
	}
}

// odd are texts that a shell could take for something else.
func odd() []string {
	return []string{
		`it's`, `a\'b`, `\`, `$(touch x)`, "`touch x`", `"`, `a b`, `!`, `%s`, `~`, `*`, `é’‘‚‛`, `-n`, `#`,
		`;x`,
	}
}

// TestShells has real shells evaluate the assignments.
func TestShells(t *testing.T) {
	for shell, command := range map[string][]string{
		output.ShellPOSIX: {"sh", "-c", `eval "$1"; printf %s "$CODEX_CRED_TOKEN"`, "sh"},
		output.ShellFish:  {"fish", "--no-config", "-c", `eval $argv[1]; printf %s $CODEX_CRED_TOKEN`},
	} {
		t.Run(shell, func(t *testing.T) {
			_, missing := exec.LookPath(command[0])
			parts.Need(t, command[0], missing)
			for _, value := range odd() {
				assignments := text(t, func(out *strings.Builder) error {
					return output.Env(out, shell, wire.Token{Access: helper.NewSecret(value)})
				})
				got, err := exec.Command(command[0], append(slices.Clone(command[1:]), assignments)...).Output()
				if err != nil || string(got) != value {
					t.Errorf("%q became %q, %v", value, got, err)
				}
			}
		})
	}
}

func TestPowerShellQuotes(t *testing.T) {
	got := text(t, func(out *strings.Builder) error {
		return output.Env(out, output.ShellPowerShell, wire.Token{Access: helper.NewSecret("a'b’c$(d)")})
	})
	if want := "$env:CODEX_CRED_TOKEN = 'a''b’’c$(d)'\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// FuzzLines checks that nothing in a token ends a line of the forms that are lines,
// and that the forms read back.
func FuzzLines(f *testing.F) {
	for _, value := range append(odd(), "a\nb", "a\r", "a\x00", `a"b\c`) {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		tok := wire.Token{Access: helper.NewSecret(value)}
		var curl, env, headers strings.Builder
		curlErr, envErr := output.Curl(&curl, tok), output.Env(&env, output.ShellPOSIX, tok)
		if strings.ContainsAny(value, "\n\r\x00") {
			if curlErr == nil || envErr == nil || curl.Len()+env.Len() > 0 {
				t.Errorf("%q became %q and %q", value, curl.String(), env.String())
			}
		} else if curlErr == nil {
			inside := strings.TrimSuffix(strings.TrimPrefix(curl.String(), `header = "Authorization: Bearer `), "\"\n")
			if got := strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(inside); got != value {
				t.Errorf("%q became %q for curl", value, curl.String())
			}
		}
		if !utf8.ValidString(value) {
			return // JSON holds nothing else
		}
		if err := output.HeadersJSON(&headers, tok); err != nil {
			t.Fatal(err)
		}
		var got map[string]string
		if err := json.Unmarshal([]byte(headers.String()), &got); err != nil || got["Authorization"] != "Bearer "+value {
			t.Errorf("%q became %q, %v", value, headers.String(), err)
		}
	})
}
