package main

import (
	"os/exec"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func theManPage() string { return manPage(describe(ownProgram, newProgram().commands())) }

// shownOf returns the rendered text of the page's source, with single spaces.
func shownOf(roff string) string {
	var b strings.Builder
	macro := regexp.MustCompile(`^\.[A-Za-z]+ ?`)
	for line := range strings.Lines(roff) {
		if rest := macro.ReplaceAllString(line, ""); rest != line {
			line = strings.ReplaceAll(rest, `"`, "")
		}
		b.WriteString(line)
	}
	text := strings.NewReplacer(`\fB`, "", `\fR`, "", `\&`, "", `\-`, "-", `\(aq`, "'", `\(ga`, "`", `\(ha`, "^", `\(ti`, "~", `\(dq`, `"`, `\e`, `\`).Replace(b.String())
	return blanked(text)
}

func blanked(text string) string { return strings.Join(strings.Fields(text), " ") }

// toldOf returns every text about a command in the command tree.
func toldOf(c *cli.Command) []string {
	list := []string{c.Usage, c.UsageText}
	list = append(list, strings.Split(c.ArgsUsage, "\n\n")...)
	for line := range strings.SplitSeq(c.Description, "\n") {
		command, note, _ := strings.Cut(line, "  # ")
		list = append(list, command, note)
	}
	for _, flag := range c.Flags {
		for _, name := range flag.Names() {
			list = append(list, dashed(name))
		}
		list = append(list, strings.ReplaceAll(flag.(cli.DocGenerationFlag).GetUsage(), "`", ""))
	}
	return list
}

// TestMan_Help checks that the man page and the help have the same texts.
func TestMan_Help(t *testing.T) {
	t.Parallel()
	page, sections := shownOf(theManPage()), map[string]string{}
	for section := range strings.SplitSeq(theManPage(), "\n.S") {
		head, text, _ := strings.Cut(section, "\n")
		sections[strings.Trim(shownOf("."+head), " ")] = shownOf(text)
	}
	var each func(above string, commands []*cli.Command)
	each = func(above string, commands []*cli.Command) {
		for _, c := range commands {
			name := above + " " + c.Name
			if c.Hidden {
				if strings.Contains(page, c.Name) {
					t.Errorf("the man page tells of %s", name)
				}
				continue
			}
			help := blanked(called(strings.Fields(name)[1:], newProgram().commands()).help())
			for _, text := range toldOf(c) {
				text = blanked(text)
				if !strings.Contains(sections[name], text) {
					t.Errorf("the section %q of the man page does not have %q; it is:\n%s", name, text, sections[name])
				}
				if !strings.Contains(help, text) {
					t.Errorf("%s --help does not have %q; it is:\n%s", name, text, help)
				}
			}
			each(name, c.Subcommands)
		}
	}
	each(ownProgram, newProgram().commands())
	for _, s := range exitStatuses() {
		if text := blanked(strings.ReplaceAll(s.means, "`", "")); !strings.Contains(page, text) {
			t.Errorf("the man page does not have %q", text)
		}
	}
	for _, k := range kinds() {
		if !strings.Contains(page, k.Name+" "+blanked(k.Keeps)) {
			t.Errorf("the man page does not tell of the kind %q", k.Name)
		}
	}
}

// TestMan_Mandoc checks that mandoc reports no problem and renders the page in 80 columns.
func TestMan_Mandoc(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("mandoc")
	parts.Need(t, "mandoc", err)
	page := theManPage()
	if out := mandoc(t, page, "-T", "lint", "-W", "all"); out != "" {
		t.Errorf("mandoc warns:\n%s", out)
	}
	text := regexp.MustCompile(`.\x08`).ReplaceAllString(mandoc(t, page, "-T", "ascii", "-O", "width=80"), "")
	for line := range strings.Lines(text) {
		if len(line) > 1+pageWidth {
			t.Errorf("wider than %d columns: %q", pageWidth, line)
		}
	}
	for _, want := range []string{"CODEX-CRED(1)", "\nEXIT STATUS\n", "\nENVIRONMENT\n", "\nFILES\n", "  codex-cred get [ACCOUNT] [flags]\n", "\n           TOKEN=$(codex-cred get)\n", "| sha256sum | cut -d ' ' -f 1)"} {
		if !strings.Contains(text, want) {
			t.Errorf("not shown: %q, in:\n%s", want, text)
		}
	}
}

func mandoc(t *testing.T, page string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "mandoc", args...)
	cmd.Stdin = strings.NewReader(page)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("mandoc %q: %v", args, err)
	}
	return string(out)
}

func TestRoff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain words":                  "plain words\n",
		"`bold` and `two words` of it": "\\fBbold\\fR and \\fBtwo\\fR \\fBwords\\fR of it\n",
		".SH begins, 'so does this":    "\\&.SH begins, \\(aqso does this\n",
		`a \fB- ~^"`:                   "a \\efB\\- \\(ti\\(ha\"\n",
		"One. Two.":                    "One.\nTwo.\n",
		strings.Repeat("words ", 16):   strings.Repeat("words ", 12) + "words\nwords words words\n",
		"":                             "",
	} {
		r := &roff{}
		r.text(text)
		if r.String() != want {
			t.Errorf("%q is %q, want %q", text, r.String(), want)
		}
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	b := buildOf([]debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-05-01T12:00:00Z"}, {Key: "vcs.modified", Value: "true"}, {Key: "GOOS", Value: "plan9"}})
	if b.Revision != "0123456789abcdef" || b.Time == nil || !b.Modified || b.Version != version {
		t.Errorf("%+v", b)
	}
	if text := b.text(); !strings.HasSuffix(text, ", revision 0123456789ab, modified)\n") || !strings.HasPrefix(text, "codex-cred "+version+" (") {
		t.Errorf("%q", text)
	}
	if text := buildOf(nil).text(); strings.Contains(text, "revision") || strings.Contains(text, "modified") {
		t.Errorf("of a build that knows nothing: %q", text)
	}
}
