package main

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// A choice is a flag that takes one of the words or, if files is set, a file.
type choice struct {
	*cli.StringFlag
	words []string
	files bool
}

// formatFlag returns --format. The first format is the default.
func formatFlag(formats ...string) *choice {
	return choiceFlag(&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "`FORM` of the output"}, formats...)
}

// choiceFlag makes the flag accept only the words. The first word is the
// default.
func choiceFlag(flag *cli.StringFlag, words ...string) *choice {
	flag.Value = words[0]
	flag.Usage += ": " + strings.Join(words, ", ")
	flag.Action = func(_ *cli.Context, got string) error {
		if !slices.Contains(words, got) {
			return fault.Usage("--%s %q is none of: %s", flag.Name, terminal.Sanitize(got), strings.Join(words, ", "))
		}
		return nil
	}
	return &choice{StringFlag: flag, words: words}
}

// arguments are the arguments of a command line other than flags.
type arguments struct {
	list []string
	// command is the name of the command, and whole its name with those of its
	// parents.
	command, whole string
}

func argumentsOf(c *cli.Context) arguments {
	return arguments{list: c.Args().Slice(), command: c.Command.Name, whole: c.Command.HelpName}
}

// account returns the account of a command that takes one: its argument, or the
// default account.
func (p *program) account(a arguments, w *wiring) (string, error) {
	switch len(a.list) {
	case 0:
		return p.defaultAccount(w)
	case 1:
		return a.list[0], helper.CheckName(a.list[0])
	}
	return "", fault.Usage("%s takes one account, not %d arguments; see: %s --help", a.command, len(a.list), a.whole)
}

// defaultAccount returns the account that the environment names, or the one
// chosen with use.
func (p *program) defaultAccount(w *wiring) (string, error) {
	if name := p.Getenv("CODEX_CRED_ACCOUNT"); name != "" {
		return name, helper.CheckName(name)
	}
	name, err := w.Accounts.Default()
	if errors.Is(err, helper.ErrCorrupt) {
		return "", fault.WithHint(err, "choose again: codex-cred use ACCOUNT")
	}
	return name, err
}

func (p *program) noArguments(c *cli.Context) error {
	if c.NArg() > 0 {
		return fault.Usage("%s takes no argument %q; see: %s --help", c.Command.Name, terminal.Sanitize(c.Args().First()),
			c.Command.HelpName)
	}
	return nil
}

// A durationFlag is a flag with a duration, as the command line has it.
type durationFlag struct {
	name  string
	value time.Duration // the default, unless isSet
	isSet bool
}

func durationOf(c *cli.Context, name string) durationFlag {
	return durationFlag{name: name, value: c.Duration(name), isSet: c.IsSet(name)}
}

// duration returns the value of the flag, of the environment if the flag is not
// set, or the default.
func (p *program) duration(flag durationFlag, variable string) (time.Duration, error) {
	d := flag.value
	if text := p.Getenv(variable); text != "" && !flag.isSet {
		var err error
		if d, err = time.ParseDuration(text); err != nil {
			return 0, fault.Usage("%s cannot be %q: it takes a time such as 30s or 5m", variable, terminal.Sanitize(text))
		}
	}
	if d < 0 {
		return 0, fault.Usage("--%s, or %s, is less than nothing: it takes a time such as 30s or 5m", flag.name, variable)
	}
	return d, nil
}

func boolFlag(name, usage string, aliases ...string) *cli.BoolFlag {
	return &cli.BoolFlag{Name: name, Aliases: aliases, Usage: usage, DisableDefaultText: true}
}
