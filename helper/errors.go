package helper

import (
	"errors"
	"fmt"
)

// The error vocabulary. Stores, locks and the refresh map every foreign error
// to one of these at their border; callers tell them apart with errors.Is.
// Only ErrNotFound means absent.
var (
	// ErrNotFound: there is no such account, credential or item. Stores and
	// account files return it.
	ErrNotFound = errors.New("not found")
	// ErrErasing: an erase of the account began and has not finished. It comes
	// with ErrNotFound or ErrConflict.
	ErrErasing = errors.New("an erase of this account is not finished")
	// ErrSignInRequired: the authorization server refused the grant for good,
	// or there is no refresh token that may be presented.
	ErrSignInRequired = errors.New("sign-in required")
	// ErrLocked: the store exists and will not open without a person.
	ErrLocked = errors.New("locked")
	// ErrUnavailable: the store does not exist here or cannot be reached.
	ErrUnavailable = errors.New("unavailable")
	// ErrTooLarge: the store cannot hold an item of this size.
	ErrTooLarge = errors.New("too large")
	// ErrCorrupt: stored data does not decode. It is never deleted or
	// overwritten because of that.
	ErrCorrupt = errors.New("corrupt")
	// ErrNewer: stored data was written by a newer codex-cred. It comes with
	// ErrCorrupt.
	ErrNewer = errors.New("of a newer version")
	// ErrTimeout: the store did not answer within its deadline.
	ErrTimeout = errors.New("timed out")
	// ErrFull: the disk or the quota is full.
	ErrFull = errors.New("no space left")
	// ErrUnsafe: a path is a symbolic link, belongs to somebody else or is open
	// to other users. It comes inside an [UnsafeError].
	ErrUnsafe = errors.New("unsafe")
	// ErrConflict: somebody else wrote the item since it was read.
	ErrConflict = errors.New("changed by another process")
	// ErrUnknown: a write was cut or timed out and may still happen. Read
	// again, never assume.
	ErrUnknown = errors.New("outcome unknown")
	// ErrBusy: another process held the lock until the deadline.
	ErrBusy = errors.New("held by another process")
	// ErrTemporary: the network or the authorization server failed in a way
	// that a later try may not.
	ErrTemporary = errors.New("temporary failure")
	// ErrUnanswered: the last refresh got no answer, so its refresh token may be
	// spent, and presenting it again may end the sign-in. It comes with ErrTemporary.
	ErrUnanswered = errors.New("the refresh token may be spent")
	// ErrRejected: an answer from outside breaks the rules of its protocol, or
	// is meant for somebody else.
	ErrRejected = errors.New("rejected")
	// ErrNotStored: a refresh brought a credential that could not be stored.
	// The sign-in ends with the access token, unless a later try stores it.
	ErrNotStored = errors.New("not stored")
	// ErrUnread: the authorization server's last answer could not be used. It is
	// kept, sealed, and the next refresh tries to read it again.
	ErrUnread = errors.New("the issuer's last answer could not be read; it is kept")
	// ErrElsewhere: the sign-in belongs to another computer. It comes with
	// ErrSignInRequired.
	ErrElsewhere = errors.New("of another computer")
	// ErrShared: another program has the refresh token too. It comes inside a
	// [SharedError].
	ErrShared = errors.New("shared with another program")
	// ErrInvalid: a name or another input breaks its rules.
	ErrInvalid = errors.New("invalid")
)

// An AccountError says which account an error is about.
type AccountError struct {
	Account string
	Err     error
}

// Error implements error.
func (e *AccountError) Error() string { return fmt.Sprintf("account %q: %v", e.Account, e.Err) }

// Unwrap returns the cause.
func (e *AccountError) Unwrap() error { return e.Err }

// ForAccount wraps err in an [AccountError], unless it is nil or is one.
func ForAccount(account string, err error) error {
	if err == nil {
		return nil
	}
	if already := (*AccountError)(nil); errors.As(err, &already) {
		return err
	}
	return &AccountError{Account: account, Err: err}
}

// An UnsafeError is a path that is refused because other users could read or
// change what it holds.
type UnsafeError struct {
	Path    string
	Problem string // "is a symbolic link"
	Fix     string // a command or an action that mends it; may be empty
}

// Error implements error.
func (e *UnsafeError) Error() string { return fmt.Sprintf("%s %s", e.Path, e.Problem) }

// Unwrap returns [ErrUnsafe].
func (e *UnsafeError) Unwrap() error { return ErrUnsafe }

// A SharedError is a refresh that is refused because another program may refresh
// the same sign-in: of two that do, the second ends it.
type SharedError struct {
	Source string // where that program keeps it, see [Account.Shared]
}

// Error implements error.
func (e *SharedError) Error() string {
	return fmt.Sprintf("its refresh token, which works once, is in %s too: %v", e.Source, ErrSignInRequired)
}

// Unwrap returns [ErrShared] and [ErrSignInRequired].
func (e *SharedError) Unwrap() []error { return []error{ErrShared, ErrSignInRequired} }
