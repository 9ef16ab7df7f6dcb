// Package keychain is a [helper.Store] on the keychain of the operating system: the Secret Service
// on Linux, the Keychain on macOS, the Credential Manager on Windows. Start with [New].
//
// A keychain protects items at rest: every program of the same user can read them. The package
// unlocks no keychain, shows no prompt (KeePassXC may ask before it deletes) and starts no message
// bus. It does not interpret the items.
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

// Service is the service name of the items. The user name of an item is the item's name.
const Service = "codex-cred"

// Reasons why a keychain is unavailable that a person can fix. They come with
// [helper.ErrUnavailable], on Linux only.
var (
	ErrNoBus        = errors.New("no session bus (D-Bus) can be reached")
	ErrForeignBus   = errors.New("the session bus belongs to another user")
	ErrNoProvider   = errors.New("no program offers the Secret Service on the session bus")
	ErrNoCollection = errors.New("the Secret Service has no collection to keep items in")
)

// ErrConfirm comes with [helper.ErrLocked] if the keychain is unlocked and asks the person before
// each access, as KeePassXC does by default.
var ErrConfirm = errors.New("the keychain asks a person before it gives out an item")

// An unreadableError is the error of an item that exists and cannot be read. Delete accepts its
// version.
type unreadableError struct {
	version helper.Version
	error
}

func (e *unreadableError) Unwrap() error { return e.error }

// defaultTimeout allows for many concurrent callers, which one keychain daemon serves one by one.
const defaultTimeout = 10 * time.Second

// A platform is the keychain of one system. User names are item names. The caller passes a copy of
// the item, because a call may run on after its context is done. Errors are those of helper where
// one fits.
type platform interface {
	get(ctx context.Context, user string) ([]byte, error)
	set(ctx context.Context, user string, item []byte) error
	delete(ctx context.Context, user string) error
}

// Store keeps each item in the user's keychain. A Version is the digest of the content. Comparing
// and writing are atomic only under the account's lock. Make a Store with [New]; its methods are
// safe for concurrent use.
type Store struct {
	// Timeout limits each call of the keychain; zero means ten seconds. Put and Delete make two
	// calls. Set it before the first use.
	Timeout time.Duration

	// IdleTimeout limits the wait for one answer within a call, on Linux; zero means three seconds.
	// A call that writes may use all of Timeout, because an interrupted write has an unknown
	// outcome. Set it before the first use.
	IdleTimeout time.Duration

	// Serialize is called before each call of the keychain on macOS, where concurrent reads fail
	// and disturb writes; nil means that calls are not serialized. Set it before the first use.
	Serialize SerializeFunc

	service  string // of another program; empty means Service
	platform platform
	limit    limit
	place    string
}

// A SerializeFunc waits until no other process or goroutine calls the keychain, or until ctx is
// done. The caller calls release once; the exit of the process also releases.
type SerializeFunc func(ctx context.Context) (release func() error, err error)

var _ helper.Store = (*Store)(nil)

// New returns the store on this user's keychain. It makes no call.
func New() *Store { return newStore(Service) }

// NewForService returns the store of another program's items in this user's keychain, by the name
// of its service, so that they can be imported or deleted. Names of its items are not checked.
func NewForService(service string) *Store { return newStore(service) }

// Location describes to a person where the item is.
func (s *Store) Location(name string) string {
	return fmt.Sprintf("item %s of service %s in the %s", name, cmp.Or(s.service, Service), s.place)
}

// Place returns the keychain's name for people.
func (s *Store) Place() string { return s.place }

// Get implements [helper.Store]. Items of the same name with different contents are ErrCorrupt; Put
// then fails with it, too.
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
	item = bytes.Clone(item) // the call may run on after Put has returned
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
