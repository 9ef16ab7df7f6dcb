package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) migrateCommand() *cli.Command {
	return &cli.Command{
		Name:        "migrate",
		Usage:       "move an account's tokens to another store",
		UsageText:   "codex-cred migrate [ACCOUNT] --to keychain|file | --here",
		Description: "codex-cred migrate --to keychain\ncodex-cred migrate work --to file\ncodex-cred migrate work --here  # after a move to another computer",
		Flags: []cli.Flag{
			boolFlag("here", "this computer alone uses the account's files, which came from another one"),
			&choice{
				StringFlag: &cli.StringFlag{Name: "to", Usage: "`STORE` that the tokens move to: keychain or file"},
				words:      []string{home.StoreKeychain, home.StoreFile},
			},
		},
		Action: p.migrate,
	}
}

// migrate writes the credential to the other store, verifies it, and only then deletes the
// original. After a crash at any point it can be run again.
func (p *program) migrate(c *cli.Context) error {
	to := c.String("to")
	if c.Bool("here") == (to != "") || to != "" && to != home.StoreKeychain && to != home.StoreFile {
		return fault.UsageHint("migrate needs --to keychain, --to file or --here", "see: codex-cred migrate --help")
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	account, err := p.account(argumentsOf(c), w)
	if err != nil {
		return err
	}
	if _, err := w.Accounts.Load(account); err != nil {
		return helper.ForAccount(account, err)
	}
	return helper.ForAccount(account, w.withLock(c.Context, account, func() error {
		if to == "" {
			return p.adopt(c.Context, w, account)
		}
		return p.migrateAccount(c, w, account, to)
	}))
}

// adopt binds the account's files to this computer.
func (p *program) adopt(ctx context.Context, w *wiring, account string) error {
	a, err := w.Accounts.Load(account)
	if err != nil {
		return err
	}
	unlock, err := p.hold(ctx, w, a.ID)
	if err != nil {
		return err
	}
	_, err = w.Accounts.Update(account, func(a *helper.Account) error {
		if a.ID == "" {
			return helper.ErrNotFound
		}
		a.Host = w.HostFor(a.Store)
		return nil
	})
	if err == nil {
		p.Warn("account %q: this computer refreshes it from here on; no other may", account)
	}
	return errors.Join(err, unlock())
}

func (p *program) migrateAccount(c *cli.Context, w *wiring, account, to string) error {
	w.WaitForPerson()
	a, err := p.moveTo(c.Context, w, account, to)
	if errors.Is(err, helper.ErrUnavailable) || errors.Is(err, helper.ErrTooLarge) {
		return fault.WithHint(err, "the tokens stay where they are; see: codex-cred status "+account)
	}
	if err != nil {
		return err
	}
	p.Warn("account %q: the tokens are in the %s", account, w.Location(a.Store, string(a.ID)))
	return p.sweep(c.Context, w, a)
}

func (p *program) moveTo(ctx context.Context, w *wiring, account, to string) (helper.Account, error) {
	if err := p.tryStore(ctx, w, to); err != nil {
		return helper.Account{}, fmt.Errorf("try the %s before moving the tokens there: %w", to, err)
	}
	a, err := w.Accounts.Load(account)
	if err != nil {
		return helper.Account{}, err
	}
	unlock, err := p.hold(ctx, w, a.ID)
	if err != nil {
		return helper.Account{}, err
	}
	defer p.NoticeAfter("waiting for the keychain to answer")()
	if err := w.Rotation(p.at).Adopt(ctx, a); err != nil {
		return helper.Account{}, errors.Join(fmt.Errorf("store what the last refresh brought: %w", err), unlock())
	}
	moved, err := w.Keeper.Migrate(ctx, a, to)
	return moved, errors.Join(err, unlock())
}
