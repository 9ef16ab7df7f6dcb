package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const (
	// pageWidth is the width of the narrowest common terminal.
	pageWidth = 80
	// flagWidth is the width of the longest flag whose description starts on the
	// same line.
	flagWidth = 28
)

// intro says what the program is, and what it does with tokens.
func intro() []string {
	return []string{
		"codex-cred: sign in to ChatGPT/Codex once, hand every program a fresh token.",
		"The tokens live in your system's keychain, and go to no one but your issuer.",
	}
}

// firstSteps are the commands to start with.
func firstSteps() [][2]string {
	return [][2]string{
		{"codex-cred login", "sign in with your browser, once"},
		{"codex-cred get", "print a fresh access token, from any script"},
		{"codex-cred setup codex", "let Codex ask for it; git, docker and more can too"},
	}
}

// welcome is printed when no command is given.
func welcome() string {
	var b strings.Builder
	b.WriteString(strings.Join(intro(), "\n") + "\n\nStart with:\n")
	for _, s := range firstSteps() {
		fmt.Fprintf(&b, "  %-24s %s\n", s[0], s[1])
	}
	b.WriteString("\nGo on with:\n")
	for _, s := range [][2]string{
		{"codex-cred --help", "every command there is"},
		{"codex-cred get --help", "what one of them does, with examples"},
		{"codex-cred privacy", "what is kept where, and what is sent to whom"},
		{"codex-cred erase", "delete every trace"},
	} {
		fmt.Fprintf(&b, "  %-24s %s\n", s[0], s[1])
	}
	return b.String()
}

// overview lists the commands.
func overview(commands []commandDoc) string {
	var b strings.Builder
	b.WriteString(strings.Join(intro(), "\n") + "\n\nExamples:\n")
	for _, s := range firstSteps() {
		fmt.Fprintf(&b, "  %-24s # %s\n", s[0], s[1])
	}
	b.WriteString("\nCommands:\n")
	for _, d := range commands {
		b.WriteString(wrapped(fmt.Sprintf("  %-10s ", d.Name), d.Usage))
	}
	b.WriteString("\nFlags:\n  --help, -h     show this help; after a command, that of the command\n  --version, -v  print the version\n")
	b.WriteString("\nAll of this in one page: codex-cred man | man -l -\n")
	return b.String()
}

// help describes the command. It begins with examples, because most users read
// no further.
func (d commandDoc) help() string {
	var b strings.Builder
	b.WriteString(wrapped("", d.name+": "+d.Usage) + "\nExamples:\n")
	for _, e := range d.examples() {
		b.WriteString(inMargin(noteAbove(e, pageWidth-2)))
	}
	b.WriteString("\nUsage:\n" + inMargin(d.UsageText))
	for _, text := range d.paragraphs() {
		b.WriteString("\n" + wrapped("", text))
	}
	if below := d.below(); len(below) > 0 {
		b.WriteString("\nCommands:\n")
		for _, c := range below {
			b.WriteString(wrapped(fmt.Sprintf("  %-10s ", c.Name), c.Usage))
		}
	}
	b.WriteString("\nFlags:\n" + flagTable(d.flags()))
	b.WriteString("\nExit status:\n" + filled("  ", briefly(exitStatuses())))
	return b.String()
}

// noteAbove moves the note of an example above it, if both are too wide for one
// line.
func noteAbove(example string, width int) string {
	command, note, found := strings.Cut(example, "  # ")
	last := example[strings.LastIndexByte(example, '\n')+1:]
	if !found || len(last) <= width {
		return example
	}
	return "# " + note + "\n" + strings.TrimRight(command, " ")
}

// inMargin indents each line.
func inMargin(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
}

func flagTable(flags []describedFlag) string {
	width := 0
	for _, f := range flags {
		if n := len(f.spelled()); n <= flagWidth {
			width = max(width, n)
		}
	}
	var b strings.Builder
	for _, f := range flags {
		name := f.spelled()
		if len(name) > width {
			b.WriteString("  " + name + "\n")
			name = ""
		}
		b.WriteString(wrapped(fmt.Sprintf("  %-*s  ", width, name), f.text))
	}
	return b.String()
}

// asksHelp reports whether the arguments of the command ask for its help.
// command is nil if none is named.
func asksHelp(args []string, command *cli.Command) bool {
	isHelp := func(arg string) bool { return slices.Contains(helpFlag().names, arg) }
	if command == nil {
		return len(args) > 0 && isHelp(args[0])
	}
	for i := 0; i < len(args) && args[i] != "--"; i++ {
		switch {
		case isHelp(args[i]):
			return true
		case isFlag(args[i]) && takesNext(args[i], command):
			i++
		}
	}
	return false
}

// helpFor returns the help that the command line asks for, if it asks for any.
func helpFor(args []string, commands []*cli.Command) (text string, asked bool) {
	n, command := descend(args, commands)
	switch {
	case len(args) < 2:
		return welcome(), true
	case command == nil && asksHelp(args[1:], nil), args[1] == "help" && (len(args) == 2 || asksHelp(args[2:], nil)):
		return overview(describe(ownProgram, commands)), true
	case args[1] == "help":
		if d := called(args[2:], commands); d != nil {
			return d.help(), true
		}
	case command != nil && (asksHelp(args[n:], command) || len(command.Subcommands) > 0 && n == len(args)):
		return called(args[1:n], commands).help(), true
	}
	return "", false
}
