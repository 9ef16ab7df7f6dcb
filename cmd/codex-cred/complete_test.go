package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// aProgram returns a program without accounts.
func aProgram(t *testing.T) *program {
	t.Helper()
	home := t.TempDir()
	return &program{
		Terminal: &terminal.Terminal{Now: time.Now},
		Process: &process.Process{Getenv: func(name string) string {
			return map[string]string{"CODEX_CRED_HOME": home, "HOME": home}[name]
		}},
	}
}

// TestComplete_Operands checks that operands describes as many arguments of every command as the
// usage names.
func TestComplete_Operands(t *testing.T) {
	t.Parallel()
	p := aProgram(t)
	told := p.operands()
	optional := regexp.MustCompile(`\[-[^]]*\]|--\S+ (codex-tokens|keychain\|file|codex\|\S+)|--here|\[flags\]|< .*|-- .*|\|`)
	for _, d := range withBelow(describe(ownProgram, p.commands())) {
		name := strings.TrimPrefix(d.name, ownProgram+" ")
		usage := strings.ReplaceAll(d.UsageText, "[ACCOUNT | --all | --legacy]", "[ACCOUNT]")
		usage = strings.ReplaceAll(usage, "[ACCOUNT | --all]", "[ACCOUNT]")
		if len(d.Subcommands) > 0 {
			if told[name] != nil {
				t.Errorf("%s takes a command, and no other argument", name)
			}
			continue
		}
		if want := len(strings.Fields(optional.ReplaceAllString(strings.TrimPrefix(usage, d.name), " "))); name != "helper docker" && name != "completion" && len(told[name]) != want {
			t.Errorf("%s: %d arguments are completed, and the usage names %d: %q", name, len(told[name]), want, d.UsageText)
		}
		delete(told, name)
	}
	for name := range told {
		if p.commands(); called(strings.Fields(name), p.commands()) == nil {
			t.Errorf("arguments are told of %s, which is no command", name)
		}
	}
}

// TestComplete_Anything checks that every input has an answer, and that the candidates begin with
// the typed word.
func TestComplete_Anything(t *testing.T) {
	t.Parallel()
	p := aProgram(t)
	words := []string{
		"", "-", "--", "=", "--=", "-f", "--format", "--format=j", "--legacy=", "--no-such", "--no-such=x", "get", "gte", "help", "host", "add", "erase", "exec", "shim",
		"import", "--from", "setup", "completion", "__complete", "a b", "\x00", "\xff", "-h", strings.Repeat("x", 1000),
	}
	for i := range len(words) * len(words) * 4 {
		a, b, c := words[i/4/len(words)], words[i/4%len(words)], words[i%7]
		line := [][]string{{a, b}, {a, b, c}, {"shim", "add", "x", "--", a, b}, {"host", a, b}}[i%4]
		o := p.complete(line)
		word := line[len(line)-1]
		if !slices.Contains([]string{besidesNothing, besidesFiles, besidesProgram}, o.besides) {
			t.Fatalf("%q: %+v", line, o)
		}
		for _, c := range o.candidates {
			if !strings.HasPrefix(c.word, word) || strings.ContainsAny(c.word+c.about, "\t\n") {
				t.Fatalf("%q: %+v", line, c)
			}
		}
	}
}

// TestComplete_Choices checks that the candidates of a flag are the words in its description.
func TestComplete_Choices(t *testing.T) {
	t.Parallel()
	for _, d := range withBelow(describe(ownProgram, newProgram().commands())) {
		for _, flag := range d.Flags {
			c, ok := flag.(*choice)
			if !ok {
				continue
			}
			told := strings.FieldsFunc(c.Usage, func(r rune) bool { return strings.ContainsRune(" ,:`", r) })
			for _, word := range c.words {
				if !slices.Contains(told, word) {
					t.Errorf("%s --%s offers %q, which its usage does not tell: %q", d.name, c.Name, word, c.Usage)
				}
			}
		}
	}
}
