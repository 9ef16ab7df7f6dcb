package helper

import (
	"errors"
	"fmt"
)

// The kinds of errors. Stores, locks and refreshers map every foreign error to one of them; callers distinguish them
// with errors.Is. Only ErrNotFound means that something is absent.
var (
	// ErrNotFound: there is no such account, credential or item.
	ErrNotFound = errors.New("not found")
	// ErrErasing: an erase of the account has started and not finished. It is returned with ErrNotFound or ErrConflict.
	ErrErasing = errors.New("an erase of this account is not finished")
	// ErrSignInRequired: the authorization server refused the grant for good, or there is no refresh token that may be
	// presented.
	ErrSignInRequired = errors.New("sign-in required")
	// ErrLocked: the store exists and cannot be opened without a person.
	ErrLocked = errors.New("locked")
	// ErrUnavailable: the store does not exist here or cannot be reached.
	ErrUnavailable = errors.New("unavailable")
	// ErrTooLarge: the store cannot hold an item of this size.
	ErrTooLarge = errors.New("too large")
	// ErrCorrupt: stored data does not decode. It is not deleted or overwritten because of that.
	ErrCorrupt = errors.New("corrupt")
	// ErrNewer: stored data was written by a newer codex-cred. It is returned with ErrCorrupt.
	ErrNewer = errors.New("of a newer version")
	// ErrTimeout: the store did not answer within its deadline.
	ErrTimeout = errors.New("timed out")
	// ErrFull: the disk or the quota is full.
	ErrFull = errors.New("no space left")
	// ErrUnsafe: a path is a symbolic link, belongs to another user or is accessible to other users. It is wrapped in
	// an [UnsafeError].
	ErrUnsafe = errors.New("unsafe")
	// ErrConflict: the item was written by another process since it was read.
	ErrConflict = errors.New("changed by another process")
	// ErrUnknown: a write was interrupted or timed out and may still happen. Read the item again.
	ErrUnknown = errors.New("outcome unknown")
	// ErrBusy: another process held the lock until the deadline.
	ErrBusy = errors.New("held by another process")
	// ErrTemporary: the network or the authorization server failed in a way that a later try may not.
	ErrTemporary = errors.New("temporary failure")
	// ErrUnanswered: the last refresh got no answer, so its refresh token may be spent, and presenting it again may
	// invalidate the sign-in. It is returned with ErrTemporary.
	ErrUnanswered = errors.New("the refresh token may be spent")
	// ErrRejected: an answer from outside violates its protocol, or is meant for another client or person.
	ErrRejected = errors.New("rejected")
	// ErrNotStored: a refresh obtained a credential that could not be stored. The sign-in is lost when the access token
	// expires, unless a later try stores the credential.
	ErrNotStored = errors.New("not stored")
	// ErrUnread: the authorization server's last answer could not be used. It is kept, encrypted, and the next refresh
	// tries to read it again.
	ErrUnread = errors.New("the issuer's last answer could not be read; it is kept")
	// ErrElsewhere: the sign-in belongs to another computer. It is returned with ErrSignInRequired.
	ErrElsewhere = errors.New("of another computer")
	// ErrShared: another program has the refresh token too. It is wrapped in a [SharedError].
	ErrShared = errors.New("shared with another program")
	// ErrInvalid: a name or another input violates its rules.
	ErrInvalid = errors.New("invalid")
)

// An AccountError adds the account's name to an error.
type AccountError struct {
	Account string
	Err     error
}

// Error implements error.
func (e *AccountError) Error() string { return fmt.Sprintf("account %q: %v", e.Account, e.Err) }

// Unwrap returns the cause.
func (e *AccountError) Unwrap() error { return e.Err }

// ForAccount wraps err in an [AccountError]. It returns nil, and errors that contain an AccountError, unchanged.
func ForAccount(account string, err error) error {
	if err == nil {
		return nil
	}
	if already := (*AccountError)(nil); errors.As(err, &already) {
		return err
	}
	return &AccountError{Account: account, Err: err}
}

// An UnsafeError is the refusal of a path whose content other users could read or change.
type UnsafeError struct {
	Path    string
	Problem string // "is a symbolic link"
	Fix     string // a command or an action that fixes it; may be empty
}

// Error implements error.
func (e *UnsafeError) Error() string { return fmt.Sprintf("%s %s", e.Path, e.Problem) }

// Unwrap returns [ErrUnsafe].
func (e *UnsafeError) Unwrap() error { return ErrUnsafe }

// A SharedError is the refusal of a refresh because another program may refresh the same sign-in: if both do, the
// second one invalidates it.
type SharedError struct {
	Source string // the program that has it, see [Account.Shared]
}

// Error implements error.
func (e *SharedError) Error() string {
	return fmt.Sprintf("its refresh token, which works once, is in %s too: %v", e.Source, ErrSignInRequired)
}

// Unwrap returns [ErrShared] and [ErrSignInRequired].
func (e *SharedError) Unwrap() []error { return []error{ErrShared, ErrSignInRequired} }
