package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) storeCommand() *cli.Command {
	return &cli.Command{
		Name:      "store",
		Usage:     "store a credential that is given as JSON on standard input",
		UsageText: "codex-cred store [ACCOUNT] [--store auto|keychain|file] < credential.json",
		Description: `codex-cred store work < credential.json
jq -n '{access_token: env.TOKEN, expires_in: 3600}' |
  codex-cred store work`,
		ArgsUsage: `The object has the members of a token answer (RFC 6749): access_token,
refresh_token, expires_in or expiry, id_token, scope, token_type; and account_id,
profile, issuer, client_id, originator where they are not those of ChatGPT/Codex.
It replaces the whole record of the account. Nothing else may go on using the
refresh token: it works once.`,
		Flags:  []cli.Flag{storeFlag()},
		Action: p.store,
	}
}

func (p *program) store(c *cli.Context) error {
	w, err := p.wire()
	if err != nil {
		return err
	}
	account, err := p.account(argumentsOf(c), w)
	if err != nil {
		return err
	}
	choice, err := p.storeChoice(c)
	if err != nil {
		return err
	}
	if terminal.IsTerminal(p.In) {
		return fault.WithHint(
			fmt.Errorf(
				"store reads a credential from standard input, and %w to type it: that would show it", fault.ErrNeedsPerson,
			),
			"run: codex-cred store"+fault.AsArgument(account)+" < credential.json",
		)
	}
	credential, err := p.given(c.Context, w)
	if err != nil {
		return helper.ForAccount(account, err)
	}
	return helper.ForAccount(account, w.withLock(c.Context, account, func() error {
		return p.storeGiven(c.Context, w, account, choice, credential)
	}))
}

// given reads the credential from standard input. The input may be slow, so it can be interrupted.
func (p *program) given(ctx context.Context, w *wiring) (helper.Credential, error) {
	defer p.NoticeAfter("waiting for the credential, or its issuer")()
	type given struct {
		credential helper.Credential
		err        error
	}
	read := make(chan given, 1)
	go func() {
		c, err := w.RefreshClient.ParseCredential(ctx, p.In)
		read <- given{c, err}
	}()
	select {
	case g := <-read:
		return g.credential, g.err
	case <-ctx.Done():
		return helper.Credential{}, ctx.Err()
	}
}

// storeGiven stores the credential under a lock shared by all store commands: two accounts with the
// same refresh token would present it twice.
func (p *program) storeGiven(
	ctx context.Context, w *wiring, account, choice string, credential helper.Credential,
) error {
	return p.oneAtATime(ctx, w, "store", func() error {
		return p.storeAlone(ctx, w, account, choice, credential)
	})
}

// oneAtATime calls do while no other process does the same. what is a verb that names the lock.
func (p *program) oneAtATime(ctx context.Context, w *wiring, what string, do func() error) error {
	name := string(w.TrialID()) + "/" + what
	waiting, cancel := context.WithTimeout(ctx, home.PersonTime)
	stop := p.NoticeAfter("waiting for another codex-cred to %s", what)
	unlock, err := w.Locks.Lock(waiting, name)
	stop()
	cancel()
	if err != nil {
		return err
	}
	defer func() {
		_ = w.Locks.Remove(name)
		_ = unlock()
	}()
	return do()
}

func (p *program) storeAlone(
	ctx context.Context, w *wiring, account, choice string, credential helper.Credential,
) error {
	holder, err := w.holderOf(ctx, credential.RefreshToken)
	switch {
	case err != nil:
		return err
	case holder == account:
		p.Warn("account %q: it has this sign-in already; nothing is stored", account)
		return nil
	case holder != "":
		return fault.WithHint(
			fmt.Errorf("the account %q has the same refresh token, which works once: %w", holder, helper.ErrInvalid),
			"use that account: codex-cred get "+holder,
		)
	}
	store, err := p.chooseStore(ctx, w, w.keeping(account, choice))
	if err != nil {
		return err
	}
	a, err := p.keep(ctx, w, intent{account, choice, store}, credential)
	if errors.Is(err, helper.ErrTooLarge) {
		return fault.WithHint(
			err, "what the account had is kept; try: codex-cred store"+fault.AsArgument(account)+" --store file",
		)
	}
	if err != nil {
		return err
	}
	p.Warn("account %q: stored; the tokens are in the %s", account, w.Location(a.Store, string(a.ID)))
	return p.sweep(ctx, w, a)
}

// keeping returns the current store of an existing account, unless the user chose another.
func (w *wiring) keeping(account, choice string) string {
	a, err := w.Accounts.Load(account)
	if choice == home.StoreAuto && err == nil && a.Store != "" {
		return a.Store
	}
	return choice
}

// holderOf returns the account that holds the refresh token, or whose sign-in began with it. It
// returns "" if there is none.
func (w *wiring) holderOf(ctx context.Context, token helper.Secret) (string, error) {
	names, err := w.Accounts.List()
	if err != nil || token.IsZero() {
		return "", err
	}
	for _, name := range names {
		a, err := w.Accounts.Load(name)
		if err != nil {
			continue // an unreadable record is never refreshed
		}
		if a.Began == token.Digest() {
			return name, nil
		}
		// A credential behind a locked keychain cannot be compared.
		if rec, err := w.Records.Read(ctx, name); err == nil && rec.Credential.RefreshToken.Equal(token) {
			return name, nil
		}
	}
	return "", nil
}
