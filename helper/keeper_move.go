package helper

import (
	"context"
	"errors"
	"fmt"
)

// Migrate moves the account's credential to the store with the given word and
// returns the account. The credential is stored there under a new ID, read back
// and compared before the account names it; the old one is then a leftover of
// the account, for the caller to delete. No refresh happens meanwhile. An
// account that is there already is returned as it is.
//
// If it fails, or is killed, the account is as it was, except that the new ID
// may stay a leftover. ErrConflict: the account was erased or signed in again
// meanwhile.
func (k Keeper) Migrate(ctx context.Context, account, store string) (moved Account, err error) {
	a, err := k.Records.load(account)
	if err != nil || a.Store == store {
		return a, err
	}
	unlock, err := k.Locker.Lock(ctx, string(a.ID))
	if err != nil {
		return Account{}, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	rec, err := k.Records.Read(ctx, account)
	if err != nil {
		return Account{}, err
	}
	if rec.Account.ID != a.ID {
		return Account{}, fmt.Errorf("move the credential: the account was signed in again meanwhile: %w", ErrConflict)
	}
	return k.add(ctx, account, store, rec.Credential, movedTo(a.ID))
}

// movedTo lets the new ID take the place of the old one. What is known of the
// refresh token stays known: it is the same token.
func movedTo(old ID) func(next Leftover) func(*Account) error {
	return func(next Leftover) func(*Account) error {
		return func(a *Account) error {
			if a.ID != old || !lists(*a, next) {
				return errErased
			}
			a.Leftovers = append(without(a.Leftovers, next.ID), Leftover{ID: a.ID, Store: a.Store})
			a.ID, a.Store = next.ID, next.Store
			return nil
		}
	}
}

// Rename gives the account another name. Only its file changes. Between is
// called when both names work and must not use the account; if it fails both go
// on working. A Rename that was killed there is completed by the same Rename.
//
// The error is [ErrInvalid] if another sign-in has the new name. No refresh
// happens meanwhile.
func (k Keeper) Rename(ctx context.Context, from, to string, between func() error) (err error) {
	if from == to {
		return fmt.Errorf("account name %q is %w: it is the old one", to, ErrInvalid)
	}
	a, err := k.Records.load(from)
	if err != nil {
		return err
	}
	unlock, err := k.Locker.Lock(ctx, string(a.ID))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	again, err := k.Records.load(from)
	if err != nil {
		return err
	}
	if again.ID != a.ID {
		return fmt.Errorf("rename the account: it was signed in again meanwhile: %w", ErrConflict)
	}
	if _, err := k.Records.Accounts.Update(to, takeOver(again)); err != nil {
		return err
	}
	if err := between(); err != nil {
		return err
	}
	return k.Records.Accounts.Remove(from)
}

// takeOver fills the record of a new name from that of the old one. Of a Rename
// that was killed both are there, and the newer one knows more.
func takeOver(old Account) func(*Account) error {
	return func(a *Account) error {
		if a.ID != "" && a.ID != old.ID {
			return fmt.Errorf("account name %q is %w: it is taken by another sign-in", a.Name, ErrInvalid)
		}
		if a.ID == "" || a.Updated.Before(old.Updated) {
			name := a.Name
			*a = old
			a.Name = name
		}
		return nil
	}
}
