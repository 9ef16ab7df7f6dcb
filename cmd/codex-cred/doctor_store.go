package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/keychain"
)

// probeTime bounds the probe of one store.
const probeTime = 30 * time.Second

// checkStores writes, reads and deletes an item in every store that an account
// uses, or in the keychain before the first sign-in.
func (d *doctor) checkStores(ctx context.Context) []finding {
	accounts, err := d.readable()
	if err != nil {
		return []finding{skipped("which it is cannot be read")}
	}
	var words []string
	for _, a := range accounts {
		if a.Store != "" && !slices.Contains(words, a.Store) {
			words = append(words, a.Store)
		}
	}
	if len(words) == 0 {
		return []finding{d.firstStore(ctx)}
	}
	found := make([]finding, 0, len(words))
	for _, word := range words {
		if d.trying() {
			found = append(found, skipped("another codex-cred is trying a store at this moment"))
			continue
		}
		if err := d.tryIn(ctx, word); err != nil {
			d.down[word] = err
			found = append(found, problemFrom(err))
			continue
		}
		found = append(found, fine("%s: an item was written, read and deleted", word))
	}
	return found
}

// firstStore probes the store of the first sign-in, which is the file store if
// there is no keychain.
func (d *doctor) firstStore(ctx context.Context) finding {
	err := d.tryIn(ctx, home.StoreKeychain)
	switch {
	case err == nil:
		return fine("%s: an item was written, read and deleted", home.StoreKeychain)
	case errors.Is(err, helper.ErrUnavailable):
		return warning(commandOf(exit.Hint(err)),
			"a sign-in would keep its tokens in files that only you can read, as no keychain can be used: %s",
			terminal.OneLine(err.Error()))
	}
	return problemFrom(err)
}

func (d *doctor) tryIn(ctx context.Context, word string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := d.tryStore(ctx, d.wiring, word); err != nil {
		return fmt.Errorf("try the %s: %w", home.StoreLabel(word), err)
	}
	return nil
}

// checkItems reports codex-cred's keychain items that no account names. They
// may belong to another CODEX_CRED_HOME, so it deletes none.
func (d *doctor) checkItems(ctx context.Context) []finding {
	names, err := d.Keychain.List(ctx)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return []finding{skipped("the %s of this system does not list its items", d.Keychain.Place())}
	case err != nil:
		return []finding{skipped("%s", terminal.OneLine(err.Error()))}
	}
	claimed, err := d.claimedIDs()
	if err != nil {
		return []finding{skipped("which items are whose cannot be told: %s", terminal.OneLine(err.Error()))}
	}
	var found []finding
	for _, name := range names {
		id, _, _ := strings.Cut(name, "/")
		switch {
		case claimed[helper.ID(id)]:
		case helper.ID(id) == d.TrialID() && d.trying():
			found = append(found, skipped("%s is of a trial that is under way", d.Keychain.Location(name)))
		case helper.ID(id) == d.TrialID():
			if there, err := d.item(helper.Leftover{
				ID: d.TrialID(), Store: home.StoreKeychain,
			}).present(ctx); err == nil && !there {
				continue // the trial finished after the items were listed
			}
			found = append(found, warning(d.fixIt(), "%s is left of a trial of the keychain",
				d.Keychain.Location(name)).by(func(ctx context.Context) error {
				return d.Probe(ctx, home.StoreKeychain)
			}))
		default:
			found = append(found, warning("unless another CODEX_CRED_HOME of yours has it: "+removal(name),
				"%s may hold tokens, and no account here has it", d.Keychain.Location(name)))
		}
	}
	return orOK(found, "%s of ours in the keychain, all of accounts", terminal.Plural(len(names), "item"))
}

// claimedIDs returns the sign-ins that accounts name. It fails if an account
// cannot be read.
func (d *doctor) claimedIDs() (map[helper.ID]bool, error) {
	names, err := d.Accounts.List()
	if err != nil {
		return nil, err
	}
	claimed := map[helper.ID]bool{}
	for _, name := range names {
		a, err := d.Accounts.Load(name)
		if errors.Is(err, helper.ErrNotFound) {
			continue // erased meanwhile
		}
		if err != nil {
			return nil, helper.ForAccount(name, err)
		}
		claimed[a.ID] = true
		for _, l := range a.Leftovers {
			claimed[l.ID] = true
		}
	}
	return claimed, nil
}

// removal returns the command that deletes a keychain item.
func removal(name string) string {
	if runtime.GOOS == "windows" {
		return "cmdkey /delete:" + keychain.Service + ":" + name
	}
	return "secret-tool clear service " + keychain.Service + " username " + name
}
