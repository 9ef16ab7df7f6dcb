package main

import (
	"context"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/filelock"
)

func (p *program) renameCommand() *cli.Command {
	return &cli.Command{
		Name:        "rename",
		Usage:       "give an account another name",
		UsageText:   "codex-cred rename OLD NEW",
		Description: "codex-cred rename default work",
		Action:      p.rename,
	}
}

func (p *program) rename(c *cli.Context) error {
	if c.NArg() != 2 {
		return usageErrorHint("rename takes the old and the new name", "see: codex-cred rename --help")
	}
	from, to := c.Args().Get(0), c.Args().Get(1)
	if err := errors.Join(helper.CheckName(from), helper.CheckName(to)); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	if err := w.rename(c.Context, from, to); err != nil {
		return helper.ForAccount(from, err)
	}
	p.warn("account %q is renamed to %q; programs ask for it by that name", from, to)
	return nil
}

// rename keeps sign-ins for either name away. The choice of the default account
// follows while both names work.
func (w *wiring) rename(ctx context.Context, from, to string) error {
	if _, err := w.accounts.Load(from); err != nil {
		return err
	}
	names := []string{from, to}
	slices.Sort(names) // so that two renames wait for each other in one order
	for _, name := range slices.Compact(names) {
		unlock, err := w.onlySignIn(ctx, name)
		if err != nil {
			return err
		}
		defer func() { _ = unlock() }()
	}
	err := w.keeper.Rename(ctx, from, to, func() error {
		chosen, err := w.accounts.Default()
		if err != nil || chosen != from || len(w.choice()) == 0 {
			return err
		}
		return w.accounts.SetDefault(to)
	})
	unused := from
	if err != nil {
		unused = to
	}
	if _, loadErr := w.accounts.Load(unused); errors.Is(loadErr, helper.ErrNotFound) {
		_ = w.locks.Remove(filelock.SignIn + unused) // the next erase of everything finds it otherwise
	}
	return err
}
