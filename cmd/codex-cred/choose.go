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

// storeChoice returns the store that the flag or the environment names, or
// auto.
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

// chooseStore checks that the store works before the browser opens. It falls
// back to files only if there is no keychain at all. If the keychain is locked
// or slow, it returns an error, because the user would end up with tokens in
// two places.
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

// An intent says for which account to store a credential, in which store, and
// which store the user asked for.
type intent struct{ account, choice, store string }

// keep stores a new credential. If it is too large for the keychain and the
// user chose no store, it goes into files, because another sign-in would return
// one of the same size.
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

// tryStore probes the store, and prints a notice if it takes long.
func (p *program) tryStore(ctx context.Context, w *wiring, word string) error {
	defer p.NoticeAfter("waiting for the %s to answer", word)()
	return w.Probe(ctx, word)
}
