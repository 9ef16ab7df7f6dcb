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

// PersonTime is the deadline of each keychain call, and of each answer in it,
// while a person is watching and may be typing a password.
const PersonTime = time.Minute

// WaitForPerson lets keychain calls take as long as a person may.
func (h *Home) WaitForPerson() { h.Keychain.Timeout, h.Keychain.IdleTimeout = PersonTime, PersonTime }

// StoreWords returns the words for stores on the command line.
func StoreWords() []string { return []string{StoreAuto, StoreKeychain, StoreFile} }

// Probe writes, reads and deletes an item of no meaning, under the lock of that item.
// That the item has disappeared is no absence of an account: another program deleted
// it, or the store lost it.
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
	if err == nil { // an item that cannot be read must not stay either
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

// TrialID is the item with which a store is tried out before a sign-in. Its name
// depends on the root alone, so that the next run finds what a killed one left.
func (h *Home) TrialID() helper.ID {
	sum := sha256.Sum256([]byte("trial " + h.Root))
	return helper.ID(hex.EncodeToString(sum[:16]))
}

// Location tells a person where a store keeps the item.
func (h *Home) Location(store, name string) string {
	switch store {
	case StoreKeychain:
		return h.Keychain.Location(name)
	case StoreFile:
		return "file " + h.FileStore.Path(name)
	}
	return fmt.Sprintf("store %q, item %s", terminal.Sanitize(store), name)
}

// StoreLabel returns what a person calls the store, in words that follow "the".
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
