package home

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// PersonTime is the timeout of each keychain call, and of each answer in it,
// while the user may be typing a password.
const PersonTime = time.Minute

// WaitForPerson lets keychain calls take up to PersonTime.
func (h *Home) WaitForPerson() { h.Keychain.Timeout, h.Keychain.IdleTimeout = PersonTime, PersonTime }

// StoreWords returns the names of stores that the command line accepts.
func StoreWords() []string { return []string{StoreAuto, StoreKeychain, StoreFile} }

// Probe writes, reads and deletes an item without meaning, under the item's
// lock. If the item disappears, the error is not helper.ErrNotFound, which
// would mean that there is no account: another program deleted the item, or the
// store lost it.
func (h *Home) Probe(ctx context.Context, word string) error {
	store, err := h.Records.Stores.Store(word)
	if err != nil {
		return err
	}
	name := string(h.TrialID())
	unlock, err := h.Locks.Lock(ctx, name)
	if err != nil {
		return err
	}
	err = h.Keeper.DeleteItem(ctx, word, name)
	if err == nil || errors.Is(err, helper.ErrNotFound) {
		_, err = store.Put(ctx, name, []byte("codex-cred tries this store and deletes this item"), "")
	}
	if err == nil { // delete the item even if it cannot be read
		if _, _, err = store.Get(ctx, name); errors.Is(err, helper.ErrNotFound) {
			err = fmt.Errorf("the item that was written to try it is gone: %w", helper.ErrTemporary)
		}
		if failed := h.Keeper.DeleteItem(context.WithoutCancel(ctx), word, name); !errors.Is(failed, helper.ErrNotFound) {
			err = errors.Join(err, failed)
		}
	}
	_ = h.Locks.Remove(name)
	return errors.Join(err, unlock())
}

// TrialID returns the name of the item that Probe writes. It depends only on
// the root, so that the next run finds what a killed one left.
func (h *Home) TrialID() helper.ID {
	sum := sha256.Sum256([]byte("trial " + h.Root))
	return helper.ID(hex.EncodeToString(sum[:16]))
}

// Location returns where a store keeps the item, for the user.
func (h *Home) Location(store, name string) string {
	switch store {
	case StoreKeychain:
		return h.Keychain.Location(name)
	case StoreFile:
		return "file " + h.FileStore.Path(name)
	}
	return fmt.Sprintf("store %q, item %s", terminal.Sanitize(store), name)
}

// StoreLabel returns what users call the store, in words that follow "the".
func StoreLabel(word string) string {
	if word == StoreFile || word == StoreKeychain {
		return word
	}
	return fmt.Sprintf("store %q", terminal.Sanitize(word))
}

// StoreName returns where a store keeps all its items, in words that follow "the".
func (h *Home) StoreName(store string) string {
	switch store {
	case StoreFile:
		return "folder " + h.FileStore.Folder() + ", in files that only you can read"
	case StoreKeychain:
		return h.Keychain.Place()
	}
	return fmt.Sprintf("store %q, which this version of codex-cred does not know", terminal.Sanitize(store))
}
