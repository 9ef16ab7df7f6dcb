package helper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// A Version identifies the content of an item at one moment. It is opaque; the empty Version means that the item does
// not exist.
type Version string

// Digest returns a digest of the item, the Version of stores that have no versions of their own.
func Digest(item []byte) Version {
	sum := sha256.Sum256(item)
	return Version(hex.EncodeToString(sum[:]))
}

// A Store keeps items: opaque bytes under names that [CheckItemName] accepts. Its methods may be called from several
// goroutines and several processes at once. Items are copied in both directions: the caller may change what it passed
// or got.
//
// Errors say, in words for people, what was being done to which item, and contain no part of the item. Every method
// returns ErrLocked, ErrUnavailable, ErrTimeout or ErrUnsafe if the store itself fails, and the context's error if ctx
// was done first. No method ever asks a person for anything.
type Store interface {
	// Get returns the item and its Version, or ErrNotFound and an empty Version if it is absent. No other error means
	// absent. Another error may come with the Version of an unreadable item; Delete accepts it.
	Get(ctx context.Context, name string) (item []byte, v Version, err error)

	// Put writes the item if its Version is still expect, and returns the new Version. The empty Version means that the
	// item must not exist. If the Version differs nothing is written and the error is ErrConflict. Stores on a keychain
	// or on files compare and write in two steps, which are atomic only under the account's lock.
	//
	// A failed Put leaves the earlier item complete and readable; ErrUnknown means that the write may have happened or
	// may still happen. An item that does not fit is ErrTooLarge and never truncated; a full disk is ErrFull.
	Put(ctx context.Context, name string, item []byte, expect Version) (Version, error)

	// Delete removes the item if its Version is still expect. It returns ErrNotFound if the item is absent and
	// ErrConflict if the Version differs. ErrUnknown is as for Put. An item that cannot be deleted stays.
	Delete(ctx context.Context, name string, expect Version) error
}

// A Lister is a Store that can list its items.
type Lister interface {
	// List returns the sorted names. An empty list is no error. A store that only now finds out that it cannot list its
	// items returns [errors.ErrUnsupported].
	List(ctx context.Context) ([]string, error)
}

// A Locker provides kernel locks by name on this machine. They save work and order writers; they never replace the
// comparison of Versions.
type Locker interface {
	// Lock waits for the lock until ctx is done, then returns ErrBusy. The lock is released when the process exits, is
	// never stolen, and is not inherited by children. The caller calls unlock once.
	Lock(ctx context.Context, name string) (unlock func() error, err error)
	// Remove deletes the lock's file, or returns ErrNotFound. Only the holder calls it, as its last action under the
	// lock and only when what the lock protects is deleted: from then on others can acquire the lock.
	Remove(name string) error
}

// A Reason is why a refresh is requested.
type Reason string

// The reasons.
const (
	ReasonExpiry   Reason = "expiry"   // the access token expires soon, or has expired
	ReasonHand     Reason = "hand"     // a person wants it: a delay that the server asked for is ignored
	ReasonForce    Reason = "force"    // a person wants it, although the refresh token may be spent
	ReasonIdle     Reason = "idle"     // the account is not used, and its sign-in must not expire
	ReasonRejected Reason = "rejected" // a server refused the access token
	ReasonAging    Reason = "aging"    // the access token is valid, and in the last tenth of its lifetime
	ReasonClock    Reason = "clock"    // the clock went back, so that the expiry is not reliable
)

// A Demand asks for a credential newer than the caller's generation.
type Demand struct {
	Account    string
	Generation uint64
	Reason     Reason
}

// A Refresher refreshes credentials.
type Refresher interface {
	// Refresh rotates the account's credential and returns the newest record. If the stored generation is already
	// higher than the demand's, another process has refreshed, and Refresh returns the stored record. Any number of
	// callers in any number of processes may call it at once; the refresh token is presented once.
	//
	// The error is ErrSignInRequired if a new sign-in is required, ErrTemporary if a later try may succeed, ErrBusy if
	// another process held the lock too long, or the store's. An error never loses the stored credential. If a
	// credential was obtained, the record is returned beside an error: ErrNotStored means that the credential could not
	// be stored and the sign-in will be lost; with any other error it is safe and only the bookkeeping failed.
	//
	// For ReasonAging the error is ErrBusy at once if another process is refreshing.
	Refresh(ctx context.Context, d Demand) (Record, error)
	// Begin starts a refresh in the background, unless one is running. It returns at once and does not report the
	// result.
	Begin(d Demand)
}

// A Router maps names to stores and returns only the one that an account names.
type Router map[string]Store

// ErrUnknownStore means that an account's file names a store that is not in the [Router], such as one of a newer
// version. It is returned with ErrUnavailable.
var ErrUnknownStore = errors.New("unknown store")

// An unknownStoreError is an ErrUnknownStore with the store's name.
type unknownStoreError struct{ word string }

func (e *unknownStoreError) Error() string {
	return fmt.Sprintf("the store %q is one that this version of codex-cred does not know", truncate(e.word))
}

func (e *unknownStoreError) Unwrap() []error { return []error{ErrUnknownStore, ErrUnavailable} }

// Store returns the store with the name, or ErrUnknownStore.
func (r Router) Store(word string) (Store, error) {
	s, ok := r[word]
	if !ok {
		return nil, &unknownStoreError{word}
	}
	return s, nil
}
