package helper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// A Record is an account and its stored credential, as read.
type Record struct {
	Account    Account
	Credential Credential
	Version    Version // of the item that holds the credential
}

// Stale reports whether the stored credential is older than one that was stored before, as after restoring a backup.
// The refresh token of a stale credential is spent.
func (r Record) Stale() bool { return r.Credential.Generation < r.Account.Generation }

// Records reads and writes credentials: the account's file names the store, the store keeps the bytes, and the codec
// encodes them.
type Records struct {
	Accounts Accounts
	Stores   Router
}

// Read returns the record of the account. ErrNotFound means that there is no such account, that it is being erased, or
// that its store no longer has the item.
func (r Records) Read(ctx context.Context, account string) (Record, error) {
	a, err := r.load(account)
	if err != nil {
		return Record{}, err
	}
	rec, err := r.fetch(ctx, a)
	if !errors.Is(err, ErrNotFound) {
		return rec, err
	}
	// A new sign-in, or a move to another store, deletes the old item last. So an absent item counts as absent only if
	// the account's file still names it.
	again, loadErr := r.load(account)
	if loadErr != nil {
		return Record{}, loadErr
	}
	if again.ID == a.ID && again.Store == a.Store {
		return Record{}, err
	}
	return r.fetch(ctx, again)
}

// Write is Put and Verify.
func (r Records) Write(ctx context.Context, a Account, c Credential, expect Version) (Version, error) {
	item, v, err := r.Put(ctx, a, c, expect)
	if err != nil {
		return "", err
	}
	if err := r.Verify(ctx, a, item); err != nil {
		return "", err
	}
	return v, nil
}

// Put stores the credential under the account's current ID if the item's Version is still expect, and returns the item
// as stored. Errors are the store's. The caller holds the account's lock.
func (r Records) Put(ctx context.Context, a Account, c Credential, expect Version) (item []byte, v Version, err error) {
	store, err := r.Stores.Store(a.Store)
	if err != nil {
		return nil, "", err
	}
	return put(ctx, store, a.ID, c, expect)
}

// Verify reads the account's item back. ErrCorrupt means that the store returned different bytes.
func (r Records) Verify(ctx context.Context, a Account, item []byte) error {
	store, err := r.Stores.Store(a.Store)
	if err != nil {
		return err
	}
	back, _, err := store.Get(ctx, string(a.ID))
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("read the credential back from the %s: the item is %w: it is not there", a.Store, ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("read the credential back: %w", err)
	}
	if !bytes.Equal(item, back) {
		return fmt.Errorf("read the credential back from the %s: the item is %w: it differs from what was stored", a.Store,
			ErrCorrupt)
	}
	return nil
}

// put stores the plain form, or the compact form if the plain one is too large.
func put(ctx context.Context, s Store, id ID, c Credential, expect Version) ([]byte, Version, error) {
	item, err := Encode(c)
	if err != nil {
		return nil, "", err
	}
	v, err := s.Put(ctx, string(id), item, expect)
	if !errors.Is(err, ErrTooLarge) {
		return item, v, err
	}
	if item, err = EncodeCompact(c); err != nil {
		return nil, "", err
	}
	v, err = s.Put(ctx, string(id), item, expect)
	return item, v, err
}

func (r Records) load(account string) (Account, error) {
	a, err := r.Accounts.Load(account)
	if err != nil {
		return Account{}, err
	}
	if a.Erasing {
		return Account{}, fmt.Errorf("%w: credential %w", ErrErasing, ErrNotFound)
	}
	if a.ID == "" {
		return Account{}, fmt.Errorf("the account has no sign-in: credential %w", ErrNotFound)
	}
	return a, nil
}

func (r Records) fetch(ctx context.Context, a Account) (Record, error) {
	store, err := r.Stores.Store(a.Store)
	if err != nil {
		return Record{}, err
	}
	item, v, err := store.Get(ctx, string(a.ID))
	if err != nil {
		return Record{}, err
	}
	c, err := Decode(item)
	if err != nil {
		return Record{}, fmt.Errorf("read the credential from the %s: %w", a.Store, err)
	}
	return Record{Account: a, Credential: c, Version: v}, nil
}
