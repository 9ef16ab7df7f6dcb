package helper

import (
	"context"
	"fmt"
)

// Migrate moves the account's credential to the store with the given word and
// returns the account. The credential is stored there under a new ID, read back
// and compared before the account names it; the old one is then a leftover of
// the account, for the caller to delete. An account that is there already is
// returned as it is.
//
// The caller holds the lock of the account's sign-in, so that no refresh happens
// meanwhile. If Migrate fails, or is killed, the account is as it was, except
// that the new ID may stay a leftover. ErrConflict: the account was erased or
// signed in again meanwhile.
func (k Keeper) Migrate(ctx context.Context, a Account, store string) (Account, error) {
	rec, err := k.Records.Read(ctx, a.Name)
	if err != nil {
		return Account{}, err
	}
	if rec.Account.ID != a.ID {
		return Account{}, fmt.Errorf("move the credential: the account was signed in again meanwhile: %w", ErrConflict)
	}
	if rec.Account.Store == store {
		return rec.Account, nil
	}
	return k.add(ctx, a.Name, newCredential{store: store, credential: rec.Credential, commit: replaceID(a.ID, k.host(store))})
}

// replaceID lets the new ID take the place of the old one. What is known of the
// refresh token stays known: it is the same token.
func replaceID(old ID, host string) func(next Leftover) func(*Account) error {
	return func(next Leftover) func(*Account) error {
		return func(a *Account) error {
			if a.ID != old || !isListed(*a, next) {
				return errErased
			}
			a.Leftovers = append(without(a.Leftovers, next.ID), Leftover{ID: a.ID, Store: a.Store})
			a.ID, a.Store, a.Host = next.ID, next.Store, host
			return nil
		}
	}
}
