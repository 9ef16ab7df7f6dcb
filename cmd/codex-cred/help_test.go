package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// everyHelp returns every help text of the program, by the command line that prints it.
func everyHelp(t *testing.T) map[string]string {
	t.Helper()
	commands := newProgram().commands()
	texts := map[string]string{}
	for _, line := range []string{ownProgram, ownProgram + " --help"} {
		text, asked := helpFor(strings.Fields(line), commands)
		if !asked {
			t.Fatalf("%s prints no help", line)
		}
		texts[line] = text
	}
	for _, d := range withBelow(describe(ownProgram, commands)) {
		text, asked := helpFor(append(strings.Fields(d.name), "--help"), commands)
		if !asked {
			t.Fatalf("%s prints no help", d.name)
		}
		texts[d.name+" --help"] = text
	}
	return texts
}

// TestHelp checks that every help text fits a terminal of 80 columns in every locale, and begins
// with a command line.
func TestHelp(t *testing.T) {
	t.Parallel()
	for line, text := range everyHelp(t) {
		for row := range strings.Lines(text) {
			row = strings.TrimSuffix(row, "\n")
			if len(row) > pageWidth || row != strings.TrimRight(row, " ") {
				t.Errorf("%s: wider than %d columns, or with blanks at the end: %q", line, pageWidth, row)
			}
			if strings.ContainsFunc(row, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%s: not all ASCII: %q", line, row)
			}
		}
		_, after, found := strings.Cut(text, "\n\n")
		if !found || !strings.HasPrefix(after, "Examples:\n  ") && !strings.HasPrefix(after, "Start with:\n  codex-cred login") {
			t.Errorf("%s: does not begin with examples:\n%s", line, text)
		}
	}
}

// TestHelp_Examples checks that every example names the program and its command.
func TestHelp_Examples(t *testing.T) {
	t.Parallel()
	for _, d := range withBelow(describe(ownProgram, newProgram().commands())) {
		of := 0
		for _, example := range d.examples() {
			if strings.Contains(example, "codex-cred") && strings.Contains(example, d.Name) {
				of++
			}
		}
		if of == 0 || d.UsageText == "" || d.Usage == "" {
			t.Errorf("%s: no example of it, or nothing is said of it: %q, %q, %q", d.name, d.examples(), d.UsageText, d.Usage)
		}
		if !strings.HasPrefix(d.UsageText, d.name) {
			t.Errorf("%s: its usage is %q", d.name, d.UsageText)
		}
	}
}

// TestREADME_Tables checks that the README lists the exit statuses and variables of the program.
func TestREADME_Tables(t *testing.T) {
	t.Parallel()
	statuses, environment := "| code | meaning |\n| --- | --- |\n", "| variable | meaning |\n| --- | --- |\n"
	for _, s := range exitStatuses() {
		statuses += fmt.Sprintf("| %d | %s |\n", s.code, s.means)
	}
	for _, v := range variables() {
		environment += fmt.Sprintf("| %s | %s |\n", v.names, v.means)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	for _, want := range []string{statuses, environment} {
		head, _, _ := strings.Cut(want, "\n")
		_, after, found := strings.Cut("\n"+string(readme), "\n"+head+"\n")
		table, _, _ := strings.Cut(head+"\n"+after, "\n\n")
		if diff := cmp.Diff(want, table+"\n"); !found || diff != "" {
			t.Errorf("the table of the README (-program +README):\n%s", diff)
		}
	}
}

// TestExitStatuses checks that every exit code of an error is documented.
func TestExitStatuses(t *testing.T) {
	t.Parallel()
	told := map[int]bool{}
	for _, s := range exitStatuses() {
		told[s.code] = true
	}
	for _, o := range exit.Outcomes() {
		if !told[o.Code] {
			t.Errorf("%v ends with exit status %d, which is told nowhere", o.Err, o.Code)
		}
	}
}

func TestOrNearest(t *testing.T) {
	t.Parallel()
	words := []string{"login", "get", "list", "privacy", "rename", "--offline", "--min-ttl"}
	for given, want := range map[string]string{
		"gte": "get", "gett": "get", "lgin": "login", "lis": "list", "privcy": "privacy", "raname": "rename", "priv": "privacy",
		"--ofline": "--offline", "--min-tll": "--min-ttl",
		"": "", "x": "", "xyzzy": "", "l": "", "--bogus": "",
	} {
		told := fault.Suggest(given, words, "HINT")
		if want != "" && told != "did you mean "+want+"? HINT" || want == "" && told != "HINT" {
			t.Errorf("%q: %q, want %q", given, told, want)
		}
	}
}

func TestMistypings(t *testing.T) {
	t.Parallel()
	for pair, want := range map[[2]string]int{
		{"", ""}: 0, {"get", "get"}: 0, {"", "get"}: 3, {"get", ""}: 3,
		{"gte", "get"}: 1, {"gt", "get"}: 1, {"geet", "get"}: 1, {"got", "get"}: 1,
		{"abcd", "badc"}: 2, {"login", "logout"}: 3,
	} {
		if got := fault.Mistypings(pair[0], pair[1]); got != want {
			t.Errorf("%q and %q: %d, want %d", pair[0], pair[1], got, want)
		}
	}
}
