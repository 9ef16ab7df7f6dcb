package helper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A Keeper changes the sign-in of an account.
type Keeper struct {
	Records Records
	Locker  Locker
	Random  io.Reader // crypto/rand.Reader outside tests
	// Host returns the id of the machine to which sign-ins in the store are bound, or "" if they are not; nil means
	// that none are.
	Host func(store string) string
}

func (k Keeper) host(store string) string {
	if k.Host == nil {
		return ""
	}
	return k.Host(store)
}

// SignIn stores the credential of a new sign-in under the account, in the named store, and returns the account. A
// previous sign-in of the account stays usable until the new one is stored and read back; then it is one of the
// account's Leftovers, for the caller to delete.
//
// The account's file names the new ID before the item exists, so that no item can be orphaned. If storing fails the
// account is unchanged, except that the new ID stays a leftover if its item could not be removed. ErrConflict means
// that the account was erased in the meantime.
func (k Keeper) SignIn(ctx context.Context, account, store string, c Credential) (Account, error) {
	return k.signIn(ctx, account, store, "", c)
}

func (k Keeper) signIn(ctx context.Context, account, store, shared string, c Credential) (Account, error) {
	return k.add(ctx, account,
		newCredential{store: store, shared: shared, credential: c, commit: func(next Leftover) func(*Account) error {
			return promote(next, c, k.host(store), shared)
		}})
}

// A newCredential is a credential to add to an account.
type newCredential struct {
	store, shared string
	credential    Credential
	// commit returns the change that makes the stored sign-in current.
	commit func(next Leftover) func(*Account) error
}

// add stores the credential under a new ID, and then commits it in the account's file.
func (k Keeper) add(ctx context.Context, account string, of newCredential) (Account, error) {
	id, err := NewID(k.Random)
	if err != nil {
		return Account{}, err
	}
	next := Leftover{ID: id, Store: of.store}
	if _, err := k.Records.Accounts.Update(account, announce(next, of.shared)); err != nil {
		return Account{}, err
	}
	unlock, err := k.Locker.Lock(ctx, string(id))
	if err != nil {
		return Account{}, errors.Join(err, k.unlist(account, id))
	}
	a, err := k.storeUnder(ctx, account, next, of.credential, of.commit(next))
	if err != nil {
		err = errors.Join(err, k.withdraw(ctx, account, next, err))
	}
	return a, errors.Join(err, unlock())
}

// storeUnder stores the credential if the account still lists the sign-in: an erase before the lock was acquired found
// nothing to delete.
func (k Keeper) storeUnder(
	ctx context.Context, account string, next Leftover, c Credential, enter func(*Account) error,
) (Account, error) {
	listed, err := k.Records.Accounts.Load(account)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Account{}, err
	}
	if !isListed(listed, next) {
		return Account{}, erasedError()
	}
	if _, err := k.Records.Write(ctx, Account{Name: account, ID: next.ID, Store: next.Store}, c, ""); err != nil {
		return Account{}, err
	}
	a, err := k.Records.Accounts.Update(account, enter)
	if err == nil {
		return a, nil
	}
	// The failed update may have written the account's file.
	found, loadErr := k.Records.Accounts.Load(account)
	if loadErr == nil && found.ID == next.ID && found.Generation >= c.Generation {
		return found, nil
	}
	return Account{}, errors.Join(err, loadErr)
}

// erasedError is returned if the account was erased before the sign-in was stored.
func erasedError() error {
	return fmt.Errorf("store the sign-in: the account was erased meanwhile: %w", ErrConflict)
}

// isListed reports whether the sign-in is the account's current one or a leftover.
func isListed(a Account, s Leftover) bool {
	return !a.Erasing && (a.ID == s.ID || slices.Contains(a.Leftovers, s))
}

// announce adds the sign-in to the account before it is stored: as the current one if there is none, otherwise as a
// leftover.
func announce(next Leftover, shared string) func(*Account) error {
	return func(a *Account) error {
		switch {
		case a.Erasing:
			return fmt.Errorf("store the sign-in: %w: %w", ErrErasing, ErrConflict)
		case a.ID == "":
			a.ID, a.Store, a.Shared = next.ID, next.Store, shared
		default:
			a.Leftovers = append(a.Leftovers, next)
		}
		return nil
	}
}

// promote makes the stored sign-in the current one.
func promote(next Leftover, c Credential, host, shared string) func(*Account) error {
	return func(a *Account) error {
		if !isListed(*a, next) {
			return erasedError()
		}
		if a.ID != next.ID {
			a.Leftovers = append(without(a.Leftovers, next.ID), Leftover{ID: a.ID, Store: a.Store})
		}
		*a = Account{
			Name: a.Name, ID: next.ID, Store: next.Store,
			Generation: c.Generation, Began: c.RefreshToken.Digest(), Host: host, Shared: shared, Leftovers: a.Leftovers,
			Updated: a.Updated,
		}
		return nil
	}
}

// withdraw reverses announce, unless the item exists or may still be written: then its ID stays listed, for an erase or
// the next sign-in to delete.
func (k Keeper) withdraw(ctx context.Context, account string, next Leftover, cause error) error {
	if errors.Is(cause, ErrUnknown) {
		return nil
	}
	if err := k.DeleteItem(context.WithoutCancel(ctx), next.Store, string(next.ID)); err != nil &&
		!errors.Is(err, ErrNotFound) {
		return fmt.Errorf("remove the unfinished sign-in: %w", err)
	}
	if err := k.unlist(account, next.ID); err != nil {
		return err
	}
	if err := k.Locker.Remove(string(next.ID)); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

// unlist removes the sign-in from the account's file, and deletes the file if it lists no other.
func (k Keeper) unlist(account string, id ID) error {
	a, err := k.Records.Accounts.Load(account)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case a.ID == id && len(a.Leftovers) == 0:
		return k.Records.Accounts.Remove(account)
	}
	_, err = k.Records.Accounts.Update(account, Forget(id))
	return err
}

// Forget returns the change that removes a leftover from an account, once everything of it is deleted.
func Forget(id ID) func(*Account) error {
	return func(a *Account) error {
		if a.ID == "" {
			return ErrNotFound
		}
		a.Leftovers = without(a.Leftovers, id)
		return nil
	}
}

func without(list []Leftover, id ID) []Leftover {
	return slices.DeleteFunc(slices.Clone(list), func(l Leftover) bool { return l.ID == id })
}

// deleteTries limits how often DeleteItem tries again after a conflict.
const deleteTries = 5

// DeleteItem deletes the item whatever its Version, and verifies that it is gone. It returns ErrNotFound if there was
// none.
func (k Keeper) DeleteItem(ctx context.Context, store, name string) error {
	s, err := k.Records.Stores.Store(store)
	if err != nil {
		return err
	}
	err = ErrConflict
	for range deleteTries {
		if !errors.Is(err, ErrConflict) {
			break
		}
		var v Version
		// An absent item is deleted too, because a store may hold remains of a killed Put, and so is an unreadable one
		// that has a Version.
		if _, v, err = s.Get(ctx, name); err == nil || v != "" || errors.Is(err, ErrNotFound) {
			err = s.Delete(ctx, name, v)
		}
	}
	if err != nil {
		return err
	}
	if _, _, err = s.Get(ctx, name); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err == nil {
		err = ErrConflict
	}
	return fmt.Errorf("make sure that the item is gone: %w", err)
}
