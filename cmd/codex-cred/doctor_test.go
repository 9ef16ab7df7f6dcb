package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

// TestDoctor_Words checks the words that scripts depend on.
func TestDoctor_Words(t *testing.T) {
	t.Parallel()
	all := (&doctor{}).checks()
	names := make([]string, 0, len(all))
	for _, c := range all {
		names = append(names, c.name)
	}
	slices.Sort(names)
	want := []string{
		"accounts", "browser", "certificates", "computer", "files", "folders above", "hosts", "issuer", "items", "journal", "leftovers", "locks",
		"other tools", "ports", "programs", "setups", "store", "token life",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	found := []finding{
		named("store", problem("codex-cred login", "it is %s", "gone").of("work")), named("clock", fine("right")),
		named("ports", warning("end it", "taken")), named("items", skipped("no list")), named("files", warning("rm x", "left").mended(nil)),
	}
	var out strings.Builder
	must(t, (&program{Terminal: &terminal.Terminal{Out: &out}}).printFindings("json", found))
	var got any
	must(t, json.Unmarshal([]byte(out.String()), &got))
	line := func(check, state, what, fix, account string) any {
		l := map[string]any{"check": check, "state": state, "what": what}
		if fix != "" {
			l["fix"] = fix
		}
		if account != "" {
			l["account"] = account
		}
		return l
	}
	wanted := map[string]any{"schema_version": 1.0, "problems": 1.0, "warnings": 1.0, "findings": []any{
		line("store", "problem", "it is gone", "codex-cred login", "work"), line("clock", "ok", "right", "", ""),
		line("ports", "warning", "taken", "end it", ""), line("items", "skipped", "no list", "", ""), line("files", "fixed", "left", "", ""),
	}}
	if diff := cmp.Diff(any(wanted), got); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if got := summary(found); got != "1 problem, 1 warning, 1 fixed, 1 skipped" {
		t.Errorf("summary: %q", got)
	}
}

// TestDoctor_Narrow checks that findings become lists on a terminal too narrow for three columns.
func TestDoctor_Narrow(t *testing.T) {
	t.Parallel()
	found := []finding{named("clock", fine("right")), named("other tools", problem("codex-cred login", "they have a sign-in of ours").of("work"))}
	want := "STATE    ok\nCHECK    clock\nFINDING  right\n\nSTATE    problem\nCHECK    other tools\nFINDING  account \"work\": they have a\n         sign-in of ours; codex-cred\n         login\n"
	if got := terminal.FormatTable(findingRows(found), 40, false); got != want {
		t.Errorf("%s\nwant:\n%s", got, want)
	}
}

// TestDoctor_Holder checks how doctor describes the holder of a lock. If the process passed the lock
// to a child and exited, only its number is known.
func TestDoctor_Holder(t *testing.T) {
	t.Parallel()
	for h, want := range map[filelock.Holder]string{
		{PID: 7, Name: "codex-cred"}: "a refresh is under way in codex-cred, process 7",
		{PID: 7}:                     "a refresh is under way in process 7",
		{PID: 7, Stopped: true}:      "a refresh is under way in process 7, which is stopped and keeps others waiting",
		{}:                           "a refresh is under way",
	} {
		if got := heldBy(h, guarded{doing: "a refresh"}).What; got != want {
			t.Errorf("%+v: %q, want %q", h, got, want)
		}
	}
}

// TestDoctor_Fixes checks that a finding's fix is a command if its hint has one.
func TestDoctor_Fixes(t *testing.T) {
	t.Parallel()
	for hint, want := range map[string]string{
		"run: codex-cred login work":                            "codex-cred login work",
		"run: chmod 700 /x":                                     "chmod 700 /x",
		"keep the tokens in a file: codex-cred login":           "codex-cred login",
		"unlock it, or keep the tokens in a file: codex-cred x": "unlock it, or keep the tokens in a file: codex-cred x",
		"check the disk":                                        "check the disk",
	} {
		if got := commandOf(hint); got != want {
			t.Errorf("%q: %q, want %q", hint, got, want)
		}
	}
}
