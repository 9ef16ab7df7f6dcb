package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

func (p *program) renameCommand() *cli.Command {
	return &cli.Command{
		Name:        "rename",
		Usage:       "give an account another name",
		UsageText:   "codex-cred rename OLD NEW",
		Description: "codex-cred rename default work\ncodex-cred rename work lab",
		Action:      p.rename,
	}
}

func (p *program) rename(c *cli.Context) error {
	if c.NArg() != 2 {
		return fault.UsageHint("rename takes the old and the new name", "see: codex-cred rename --help")
	}
	from, to := c.Args().Get(0), c.Args().Get(1)
	if err := errors.Join(helper.CheckName(from), helper.CheckName(to)); err != nil {
		return err
	}
	if from == to {
		return fault.UsageHint(fmt.Sprintf("%q is the name of the account already", to), "see: codex-cred rename --help")
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	if err := p.renameAccount(c.Context, w, from, to); err != nil {
		return helper.ForAccount(from, err)
	}
	p.Warn("account %q is renamed to %q; programs ask for it by that name", from, to)
	p.warnSetups(w, from, to)
	return nil
}

// renameAccount renames the account while it holds the locks that keep out sign-ins for either
// name, and refreshes.
func (p *program) renameAccount(ctx context.Context, w *wiring, from, to string) error {
	if _, err := w.Accounts.Load(from); err != nil {
		return err
	}
	if _, err := w.Hosts.Rows(); err != nil {
		return err // the hosts could not be renamed
	}
	names := []string{from, to}
	slices.Sort(names) // two renames then lock in the same order
	for _, name := range names {
		unlock, err := w.LockName(ctx, name)
		if err != nil {
			return err
		}
		defer func() { _ = unlock() }()
	}
	defer func() {
		for _, name := range names {
			if _, err := w.Accounts.Load(name); errors.Is(err, helper.ErrNotFound) {
				_ = w.Locks.Remove(filelock.SignIn + name) // otherwise it remains until the next erase --all
			}
		}
	}()
	unlock, err := p.holdAccount(ctx, w, from)
	if err != nil {
		return err
	}
	err = w.Accounts.Rename(from, to)
	if err == nil {
		err = w.Hosts.Rename(from, to)
	}
	return errors.Join(err, unlock())
}
