package helper

import (
	"context"
	"fmt"
)

// Migrate moves the account's credential to the named store and returns the account. The credential is stored there
// under a new ID, read back and compared before the account names it; the old ID is then a leftover, for the caller to
// delete. An account that is already in the store is returned unchanged.
//
// The caller holds the lock of the account's sign-in, so that no refresh happens in the meantime. If Migrate fails, or
// is killed, the account is unchanged, except that the new ID may stay a leftover. ErrConflict means that the account
// was erased or signed in again in the meantime.
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
	return k.add(ctx, a.Name,
		newCredential{store: store, credential: rec.Credential, commit: replaceID(a.ID, k.host(store))})
}

// replaceID returns the change that replaces the old ID by the new one. The other fields stay: the refresh token is the
// same.
func replaceID(old ID, host string) func(next Leftover) func(*Account) error {
	return func(next Leftover) func(*Account) error {
		return func(a *Account) error {
			if a.ID != old || !isListed(*a, next) {
				return erasedError()
			}
			a.Leftovers = append(without(a.Leftovers, next.ID), Leftover{ID: a.ID, Store: a.Store})
			a.ID, a.Store, a.Host = next.ID, next.Store, host
			return nil
		}
	}
}
