// Package keychain is a [helper.Store] on the keychain of the operating system:
// the Secret Service on Linux, the Keychain on macOS, the Credential Manager on
// Windows. Start with [New].
//
// A keychain protects items at rest: every program of the same user may read
// them. The package opens no locked keychain, prompts nobody (KeePassXC may ask
// before it deletes) and starts no message bus. What the items mean is not its
// business.
package keychain

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// Service is the service of our items. The user name of an item is its name.
const Service = "codex-cred"

// Why a keychain is unavailable, beside [helper.ErrUnavailable], where a person
// can do something about it. All are of Linux.
var (
	ErrNoBus        = errors.New("no session bus (D-Bus) can be reached")
	ErrForeignBus   = errors.New("the session bus belongs to another user")
	ErrNoProvider   = errors.New("no program offers the Secret Service on the session bus")
	ErrNoCollection = errors.New("the Secret Service has no collection to keep items in")
)

// ErrConfirm comes with [helper.ErrLocked] where the keychain itself is open, as
// in KeePassXC with its usual settings.
var ErrConfirm = errors.New("the keychain asks a person before it gives out an item")

// An unreadableError is why a platform does not give an item that is there. With its
// Version the item can be deleted.
type unreadableError struct {
	version helper.Version
	error
}

func (e *unreadableError) Unwrap() error { return e.error }

// defaultTimeout allows for a herd of callers, which one keychain daemon serves
// one after the other.
const defaultTimeout = 10 * time.Second

// A platform is a keychain without a contract. User names are item names; a
// copy of the item is passed. Errors are of helper's vocabulary where that has
// a word. A call may outlast its context.
type platform interface {
	get(ctx context.Context, user string) ([]byte, error)
	set(ctx context.Context, user string, item []byte) error
	delete(ctx context.Context, user string) error
}

// Store keeps each item in the user's keychain. Its Versions are digests;
// comparing and writing are one step only under the account's lock. Make one
// with [New].
type Store struct {
	// Timeout of each call of the keychain; zero means ten seconds. A Put or a
	// Delete is two calls. Set it before the first use.
	Timeout time.Duration

	// IdleTimeout is the longest wait for one answer within that time, on Linux;
	// zero means three seconds. A call that writes may take all of Timeout: if it
	// is cut nobody knows what became of it. Set it before the first use.
	IdleTimeout time.Duration

	// Turn is waited for before each call of the keychain, on macOS, whose
	// reads fail and whose writes suffer where several run at once; nil waits for
	// nobody. Set it before the first use.
	Serialize SerializeFunc

	service  string // that of another program, or ours, or empty for ours
	platform platform
	limit    limit
	place    string
}

// A Turn waits until nobody else calls the keychain, in this process or another,
// firstError until ctx ends. The caller calls done once; the turn ends with the process.
type SerializeFunc func(ctx context.Context) (release func() error, err error)

var _ helper.Store = (*Store)(nil)

// New returns the store on this user's keychain. It touches nothing.
func New() *Store { return newStore(Service) }

// NewForService returns the store of the items of another program in this user's keychain, by the name
// of its service, so that they can be moved here or deleted. Their names are
// whatever that program chose.
func NewForService(service string) *Store { return newStore(service) }

// Location tells a person where the item of the name is.
func (s *Store) Location(name string) string {
	return fmt.Sprintf("item %s of service %s in the %s", name, cmp.Or(s.service, Service), s.place)
}

// Place tells a person which keychain it is.
func (s *Store) Place() string { return s.place }

// Get implements [helper.Store]. Several items of the name that differ are
// ErrCorrupt, and a Put over them is, too.
func (s *Store) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if err := s.check(ctx, name); err != nil {
		return nil, "", err
	}
	item, err := s.call(ctx, 0, func(ctx context.Context) ([]byte, error) {
		return s.platform.get(ctx, name)
	})
	if unreadable := (*unreadableError)(nil); errors.As(err, &unreadable) {
		return nil, unreadable.version, s.failed("read", name, err)
	}
	if err != nil {
		return nil, "", s.failed("read", name, err)
	}
	return item, helper.Digest(item), nil
}

// Put implements [helper.Store].
func (s *Store) Put(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
	if err := s.check(ctx, name); err != nil {
		return "", err
	}
	if err := s.limit.check(name, len(item)); err != nil {
		return "", s.failed("write", name, err)
	}
	_, found, err := s.Get(ctx, name)
	if err != nil && !errors.Is(err, helper.ErrNotFound) {
		return "", err
	}
	if found != expect {
		return "", s.failed("write", name, helper.ErrConflict)
	}
	item = bytes.Clone(item) // the call may outlast this one
	err = s.write(ctx, func(ctx context.Context) error { return s.platform.set(ctx, name, item) })
	if err != nil {
		return "", s.failed("write", name, err)
	}
	return helper.Digest(item), nil
}

// Delete implements [helper.Store].
func (s *Store) Delete(ctx context.Context, name string, expect helper.Version) error {
	_, found, err := s.Get(ctx, name)
	if err != nil && (found == "" || found != expect) {
		return err
	}
	if found != expect {
		return s.failed("delete", name, helper.ErrConflict)
	}
	err = s.write(ctx, func(ctx context.Context) error { return s.platform.delete(ctx, name) })
	if err != nil {
		return s.failed("delete", name, err)
	}
	return nil
}

func (s *Store) failed(doing, name string, err error) error {
	return fmt.Errorf("%s %s: %w", doing, s.Location(name), err)
}

func (s *Store) check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil || cmp.Or(s.service, Service) != Service {
		return err
	}
	return helper.CheckItemName(name)
}
