package main

import (
	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) useCommand() *cli.Command {
	return &cli.Command{
		Name:        "use",
		Usage:       "choose the default account",
		UsageText:   "codex-cred use ACCOUNT",
		Description: "codex-cred use work\ncodex-cred use default",
		Action:      p.use,
	}
}

// use stores the choice of the default account. Without a choice the default account is "default".
func (p *program) use(c *cli.Context) error {
	name, err := argument(c)
	if err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	if _, err := w.Accounts.Load(name); err != nil && name != helper.DefaultAccount {
		return helper.ForAccount(name, err)
	}
	if err := w.Accounts.SetDefault(name); err != nil {
		return helper.ForAccount(name, err)
	}
	p.Warn("account %q is the default one", name)
	if chosen := p.Getenv("CODEX_CRED_ACCOUNT"); chosen != "" && chosen != name {
		p.Warn("warning: CODEX_CRED_ACCOUNT is set, to %q, and comes first", terminal.Sanitize(chosen))
	}
	return nil
}

// argument returns the account that the command line must name.
func argument(c *cli.Context) (string, error) {
	if c.NArg() != 1 {
		return "", fault.UsageHint(c.Command.Name+" takes one account", "see: "+c.Command.HelpName+" --help")
	}
	return c.Args().First(), helper.CheckName(c.Args().First())
}
