package helper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
)

// A Version stands for the content of an item at one moment. It is opaque;
// the empty Version means that the item does not exist.
type Version string

// Digest returns the Version of stores that have none of their own: a digest
// of the item.
func Digest(item []byte) Version {
	sum := sha256.Sum256(item)
	return Version(hex.EncodeToString(sum[:]))
}

// A Store keeps items: opaque bytes under names that [CheckItemName] accepts.
// Its methods may be called from several goroutines and several processes at
// once. Items are copies in both directions: the caller may change what it
// passed or got.
//
// Errors say what was being done to which item, in words for a person, and hold
// no part of the item. Every method returns ErrLocked, ErrUnavailable, ErrTimeout or ErrUnsafe when
// the store itself is at fault, and the context's error when that ended first.
// No method ever asks a person for anything.
type Store interface {
	// Get returns the item and its Version, or ErrNotFound and an empty
	// Version if it is absent. No other error means absent. One may come with
	// the Version of what is there and cannot be given; Delete takes it.
	Get(ctx context.Context, name string) (item []byte, v Version, err error)

	// Put writes the item if its Version is still expect, the empty Version
	// meaning that it must not exist, and returns the new Version. If the
	// Version differs nothing is written and the error is ErrConflict. Stores
	// on a keychain or on files compare and write in two steps, which are one
	// only under the account's lock.
	//
	// A failed Put leaves the earlier item whole and readable, except that
	// ErrUnknown means that the write may have happened or may yet happen. An
	// item that does not fit is ErrTooLarge and never cut; a full disk is
	// ErrFull.
	Put(ctx context.Context, name string, item []byte, expect Version) (Version, error)

	// Delete removes the item if its Version is still expect. It returns
	// ErrNotFound if the item is absent and ErrConflict if the Version
	// differs. ErrUnknown is as for Put. An item that cannot be deleted stays.
	Delete(ctx context.Context, name string, expect Version) error
}

// A Lister is a Store that can name its items.
type Lister interface {
	// List returns the names in order. No items is no error; a store that finds out
	// only now that it cannot name them returns [errors.ErrUnsupported].
	List(ctx context.Context) ([]string, error)
}

// A Locker gives the local kernel lock of a name. It saves work and orders
// writers on this machine; it never replaces the comparison of Versions.
type Locker interface {
	// Lock waits for the lock until ctx ends, then returns ErrBusy. The lock
	// ends with the process, is never stolen, and is not inherited by children.
	// The caller calls unlock once.
	Lock(ctx context.Context, name string) (unlock func() error, err error)
	// Remove deletes what is kept for the lock, or returns ErrNotFound. Only
	// the holder calls it, as the last thing it does under the lock and only
	// when what the lock guards is gone: newcomers get in from then on.
	Remove(name string) error
}

// A Reason is why a refresh is asked for.
type Reason string

// The reasons.
const (
	ReasonExpiry   Reason = "expiry"   // the access token ends soon, or has ended
	ReasonHand     Reason = "hand"     // a person wants it: a time that the server asked for is ignored
	ReasonForce    Reason = "force"    // a person wants it, though the refresh token may be spent
	ReasonIdle     Reason = "idle"     // nobody uses the account, and it must stay alive
	ReasonRejected Reason = "rejected" // a caller saw the access token refused
	ReasonAging    Reason = "aging"    // the access token is good, and in its last tenth: a refresh is welcome
	ReasonClock    Reason = "clock"    // the clock went back, so that nothing is known of the expiry
)

// A Demand asks for a credential newer than the generation that the caller has.
type Demand struct {
	Account    string
	Generation uint64
	Reason     Reason
}

// A Refresher replaces an access token.
type Refresher interface {
	// Refresh rotates the credential of the account and returns the newest
	// record, unless its generation is already past the demand's: then somebody
	// else refreshed, and it returns what they stored. Any number of callers in
	// any number of processes may ask at once; the refresh token is presented
	// once.
	//
	// The error is ErrSignInRequired if only a sign-in helps, ErrTemporary if a
	// later try may succeed, ErrBusy if another process held the lock too long,
	// or the store's. The stored credential is never lost by an error. A
	// Refresh that obtained a credential returns the record beside an error:
	// ErrNotStored means that it could not be stored and its sign-in will be
	// lost, any other that it is safe and only the bookkeeping failed.
	//
	// For ReasonAging it is ErrBusy at once if another process is at it.
	Refresh(ctx context.Context, d Demand) (Record, error)
	// Begin lets a refresh begin that nobody waits for, unless one is under way.
	// It returns at once; how the refresh ends is told to nobody.
	Begin(d Demand)
}

// A Router holds the stores by their words and asks the one that an account
// names, never another.
type Router map[string]Store

// ErrUnknownStore reports that an account file names a store that is not in the
// [Router], such as one of a newer version. It comes with ErrUnavailable.
var ErrUnknownStore = errors.New("unknown store")

// An unknownStoreError names the store.
type unknownStoreError struct{ word string }

func (e *unknownStoreError) Error() string {
	return fmt.Sprintf("the store %q is one that this version of codex-cred does not know", truncate(e.word))
}

func (e *unknownStoreError) Unwrap() []error { return []error{ErrUnknownStore, ErrUnavailable} }

// Store returns the store with the word. An unknown one is ErrUnknownStore.
func (r Router) Store(word string) (Store, error) {
	s, ok := r[word]
	if !ok {
		return nil, &unknownStoreError{word}
	}
	return s, nil
}
