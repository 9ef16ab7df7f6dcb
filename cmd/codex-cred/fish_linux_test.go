package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestCompletion_Fish runs the completion in fish, which can print its candidates without a
// terminal.
func TestCompletion_Fish(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("fish")
	parts.Need(t, "fish", err)
	dir, env := shellHome(t)
	script, err := exec.CommandContext(t.Context(), "codex-cred", "completion", "fish").Output()
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "script"), script, 0o600))
	offers := func(line string, more ...string) []string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "fish", "--no-config", "-c", "source ./script; complete -C $argv[1]", line)
		cmd.Dir, cmd.Env = dir, append(slices.Clone(env), more...)
		var complaints strings.Builder
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil || complaints.Len() > 0 {
			t.Errorf("%q: %v: %s", line, err, complaints.String())
		}
		return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	}
	const account = "\taccount"
	for line, want := range map[string][]string{
		"codex-cred sta":                        {"status\ttell how an account stands"},
		"codex-cred get ":                       {"lab" + account, "me@example.com" + account, "work" + account},
		"codex-cred get me@":                    {"me@example.com" + account},
		"A=1 B=2 codex-cred get l":              {"lab" + account},
		"codex-cred get --off":                  {"--offline\tnever ask the issuer"},
		"codex-cred login --store ":             {"auto", "file", "keychain"},
		"codex-cred login --store=k":            {"--store=keychain"},
		"codex-cred host add https://a w":       {"work" + account},
		"codex-cred import --from ba":           {"backup.json"},
		"codex-cred import --from=ba":           {"--from=backup.json"},
		"codex-cred import --from oc":           {"oc-codex-multi-auth"},
		"codex-cred exec work -- a-program-o":   {"a-program-of-mine\tcommand"},
		"codex-cred exec work -- cat backu":     {"backup.json"},
		"codex-cred shim add x -- get --form":   {"--format\tFORM of the output: token, json, header, headers-json, env, curl (default: token)"},
		"codex-cred completion ":                {"bash", "fish", "powershell", "zsh"},
		"codex-cred get --min-ttl ":             {""},
		"codex-cred no-such-command ":           {""},
		`codex-cred get "wo`:                    {"work" + account},
		"echo (codex-cred get w":                {"work" + account},
		"codex-cred get lab; codex-cred use wo": {"work" + account},
	} {
		got := offers(line)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
	if got := offers("codex-cred get wo", "CODEX_CRED_HOME=relative"); !slices.Equal(got, []string{""}) {
		t.Errorf("with a broken home: %q", got)
	}
}
