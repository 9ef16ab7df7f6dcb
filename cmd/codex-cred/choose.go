package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

func storeFlag() *choice {
	flag := &cli.StringFlag{
		Name: "store", Usage: "where the tokens live: `STORE` is auto, keychain or file", DefaultText: home.StoreAuto,
	}
	return &choice{StringFlag: flag, words: home.StoreWords()}
}

// storeChoice returns the word that the person chose, or auto.
func (p *program) storeChoice(c *cli.Context) (string, error) {
	choice := c.String("store")
	if choice == "" {
		choice = p.Getenv("CODEX_CRED_STORE")
	}
	if choice == "" {
		choice = home.StoreAuto
	}
	if !slices.Contains(home.StoreWords(), choice) {
		return "", fault.Usage("there is no store %q; choose auto, keychain or file", terminal.Sanitize(choice))
	}
	return choice, nil
}

// chooseStore makes sure that the store works before the browser opens, and
// falls back to files only where there is no keychain at all. A locked or slow
// keychain is no reason: the person would end up with tokens in two places.
func (p *program) chooseStore(ctx context.Context, w *wiring, choice string) (string, error) {
	word := choice
	if word == home.StoreAuto {
		word = home.StoreKeychain
	}
	err := p.tryStore(ctx, w, word)
	if err == nil {
		return word, nil
	}
	if choice != home.StoreAuto || !errors.Is(err, helper.ErrUnavailable) {
		return "", fmt.Errorf("try the %s before signing in: %w", word, err)
	}
	p.Warn("no keychain can be used here (%s): the tokens will be kept in files under %s, readable by you alone",
		terminal.OneLine(err.Error()), w.Root)
	if err := p.tryStore(ctx, w, home.StoreFile); err != nil {
		return "", fmt.Errorf("try the %s before signing in: %w", home.StoreFile, err)
	}
	return home.StoreFile, nil
}

// An intent is where a credential is to be kept: for which account, in which
// store, and what the person said about that.
type intent struct{ account, choice, store string }

// keep stores a new credential. One that is too large for the keychain goes into
// files where the person left the choice to us: to sign in again would bring one
// of the same size.
func (p *program) keep(
	ctx context.Context, w *wiring, in intent, credential helper.Credential,
) (helper.Account, error) {
	a, err := w.Keeper.SignIn(ctx, in.account, in.store, credential)
	if !errors.Is(err, helper.ErrTooLarge) || in.choice != home.StoreAuto || in.store == home.StoreFile {
		return a, err
	}
	p.Warn("account %q: the tokens are too large for the keychain (%s): they will be kept in files under %s, readable by you alone",
		in.account, terminal.OneLine(err.Error()), w.Root)
	if err := p.tryStore(ctx, w, home.StoreFile); err != nil {
		return helper.Account{}, fmt.Errorf("try the %s: %w", home.StoreFile, err)
	}
	return w.Keeper.SignIn(ctx, in.account, home.StoreFile, credential)
}

func (p *program) tryStore(ctx context.Context, w *wiring, word string) error {
	defer p.NoticeAfter("waiting for the %s to answer", word)()
	return w.Probe(ctx, word)
}
