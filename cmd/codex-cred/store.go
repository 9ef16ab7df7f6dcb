package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) storeCommand() *cli.Command {
	return &cli.Command{
		Name:      "store",
		Usage:     "store a credential that is given as JSON on standard input",
		UsageText: "codex-cred store [ACCOUNT] [--store auto|keychain|file] < credential.json",
		Description: `codex-cred store work < credential.json
jq -n '{access_token: env.TOKEN, expires_in: 3600}' | codex-cred store work`,
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
	account, err := p.account(c, w)
	if err != nil {
		return err
	}
	choice, err := p.storeChoice(c)
	if err != nil {
		return err
	}
	if terminal(p.stdin) {
		p.warn("type the credential as a JSON object, then Ctrl-D; see: codex-cred store --help")
	}
	credential, err := p.given(c.Context, w)
	if err != nil {
		return helper.ForAccount(account, err)
	}
	return helper.ForAccount(account, w.alone(c.Context, account, func() error {
		return p.storeGiven(c.Context, w, account, choice, credential)
	}))
}

// given reads the credential, which a person may type, and who may interrupt.
func (p *program) given(ctx context.Context, w *wiring) (helper.Credential, error) {
	type result struct {
		helper.Credential
		error
	}
	read := make(chan result, 1)
	go func() {
		c, err := w.client.Given(ctx, p.stdin)
		read <- result{c, err}
	}()
	select {
	case r := <-read:
		return r.Credential, r.error
	case <-ctx.Done():
		return helper.Credential{}, ctx.Err()
	}
}

func (p *program) storeGiven(ctx context.Context, w *wiring, account, choice string, credential helper.Credential) error {
	if err := w.unshareable(ctx, account, credential); err != nil {
		return err
	}
	store, err := p.chooseStore(ctx, w, w.keeping(account, choice))
	if err != nil {
		return err
	}
	a, err := w.keeper.SignIn(ctx, account, store, credential)
	if err != nil {
		return err
	}
	p.warn("account %q: stored; the tokens are in the %s", account, w.place(store, a.ID))
	return p.sweep(ctx, w, a)
}

// keeping lets an account that exists stay in its store, unless the person
// chose another.
func (w *wiring) keeping(account, choice string) string {
	a, err := w.accounts.Load(account)
	if choice == storeAuto && err == nil && a.Store != "" {
		return a.Store
	}
	return choice
}

// unshareable refuses a refresh token that another account has: the two would
// spend it twice, and both sign-ins would be lost.
func (w *wiring) unshareable(ctx context.Context, account string, c helper.Credential) error {
	if c.RefreshToken.IsZero() {
		return nil
	}
	names, err := w.accounts.List()
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == account {
			continue
		}
		// What cannot be read cannot be compared, and is no reason to refuse.
		if rec, err := w.records.Read(ctx, name); err == nil && rec.Credential.RefreshToken.Equal(c.RefreshToken) {
			return withHint(fmt.Errorf("the account %q has the same refresh token, which works once: %w", name, helper.ErrInvalid),
				"use that account, or give it another name: codex-cred rename "+name+" "+account)
		}
	}
	return nil
}
