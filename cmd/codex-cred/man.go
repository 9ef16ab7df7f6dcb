package main

import (
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

func (p *program) manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the man page",
		UsageText:   "codex-cred man",
		Description: "codex-cred man | man -l -\nmkdir -p ~/.local/share/man/man1 && \\\n  codex-cred man > ~/.local/share/man/man1/codex-cred.1",
		Action: func(c *cli.Context) error {
			if err := p.noArguments(c); err != nil {
				return err
			}
			return terminal.Write(p.Out, manPage(describe(ownProgram, c.App.Commands)))
		},
	}
}

// exampleWidth is the width of an example: the page width without the margins of man and of the
// page.
const exampleWidth = pageWidth - 2 - 7 - 4

// manPage returns codex-cred(1), generated from the same texts as the help.
func manPage(commands []commandDoc) string {
	r := &roff{}
	r.head("CODEX-CRED", "1", versionDate, "codex-cred "+version)
	r.macro("SH", "NAME")
	_, purpose, _ := strings.Cut(intro()[0], ": ")
	r.text("codex-cred - " + strings.TrimSuffix(purpose, "."))
	r.macro("SH", "SYNOPSIS")
	r.text("`codex-cred` COMMAND [ARGUMENT ...] [FLAG ...]")
	manDescription(r)
	r.macro("SH", "COMMANDS")
	for _, d := range withBelow(commands) {
		d.man(r)
	}
	manTables(r)
	r.macro("SH", "SEE ALSO")
	r.text("`git-credential`(1), `gitcredentials`(7), `secret-tool`(1)")
	return r.String()
}

func manDescription(r *roff) {
	r.macro("SH", "DESCRIPTION")
	r.text(strings.Join(intro()[1:], " "))
	r.text("Any program asks `codex-cred get` and receives an access token that is fresh, however many ask at the same moment. " +
		"Refresh tokens work once: one program owns this one, and everyone else asks.")
	r.macro("PP")
	r.text("Start with:")
	for _, s := range firstSteps() {
		r.tagged("`"+s[0]+"`", s[1])
	}
	r.macro("PP")
	r.text("Flags may stand before or after other arguments; what follows `--` is none. Where an `ACCOUNT` may be left out it is that of `CODEX_CRED_ACCOUNT`, " +
		"else the one of `codex-cred use`, else `default`. `codex-cred COMMAND --help` tells of one command.")
}

// man writes the section of the command.
func (d commandDoc) man(r *roff) {
	r.macro("SS", d.name)
	r.text(d.Usage)
	if names := d.Aliases; len(names) > 0 {
		r.text("(also: `" + strings.Join(names, "`, `") + "`)")
	}
	r.macro("PP")
	r.text("`" + d.UsageText + "`")
	for _, text := range d.paragraphs() {
		r.macro("PP")
		r.text(text)
	}
	for _, f := range d.flags() {
		if f.names[0] == helpFlag().names[0] {
			continue // the page describes it only once
		}
		r.tagged("`"+f.spelled()+"`", f.text)
	}
	r.macro("PP")
	r.text("Examples:")
	r.macro("RS", "4")
	for _, e := range d.examples() {
		r.verbatim(noteAbove(e, exampleWidth))
	}
	r.macro("RE")
}

func manTables(r *roff) {
	r.macro("SH", "EXIT STATUS")
	for _, s := range exitStatuses() {
		r.tagged("`"+strconv.Itoa(s.code)+"`", s.means)
	}
	r.macro("SH", "ENVIRONMENT")
	for _, v := range variables() {
		r.tagged(v.names, v.means)
	}
	r.macro("SH", "FILES")
	r.text(places())
	for _, k := range kinds() {
		r.tagged("`"+k.Name+"`", k.Keeps+". Kept "+k.Until+".")
	}
	r.macro("PP")
	r.text(
		"`codex-cred paths` lists what of this there is on a computer; `codex-cred privacy` also tells what is sent to whom.",
	)
}
