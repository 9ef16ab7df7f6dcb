//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/keychain/internal/quickread"
)

const (
	busName             = "org.freedesktop.secrets"
	servicePath         = "/org/freedesktop/secrets"
	loginPath           = servicePath + "/collection/login"
	serviceInterface    = "org.freedesktop.Secret.Service"
	collectionInterface = "org.freedesktop.Secret.Collection"
	itemInterface       = "org.freedesktop.Secret.Item"
	getProperty         = "org.freedesktop.DBus.Properties.Get"
)

// secretService is the platform on the Secret Service API, version 0.2:
// https://specifications.freedesktop.org/secret-service/0.2/
//
// It does not use go-keyring, which stores bytes as text, reports a refused change as success,
// prompts and has no deadline. It uses the same items in the same collection: login, else the
// default.
type secretService struct {
	service     string
	address     func() string      // of the session bus; empty if there is none
	idleTimeout func() idleTimeout // the longest wait for one answer
}

func (s secretService) get(ctx context.Context, user string) ([]byte, error) {
	item, err := s.quickRead(ctx, user)
	if !errors.Is(err, quickread.ErrNotAnswered) {
		return item, err
	}
	err = s.retryTransient(ctx, func(address string) (err error) {
		item, err = s.read(ctx, address, user)
		return err
	})
	if err != nil {
		return nil, err
	}
	return item, nil
}

// retryTransient calls f with the address of the bus, and a second time after a transient error.
func (s secretService) retryTransient(ctx context.Context, f func(address string) error) error {
	address := s.address()
	if address == "" {
		return noBusError(fmt.Errorf("%s is not set", busVariable))
	}
	err := f(address)
	if isTransient(err) && ctx.Err() == nil {
		err = f(address)
	}
	return busError(err)
}

// read reads the item on a new connection, so that it closes with ctx. It never prompts or unlocks.
func (s secretService) read(ctx context.Context, address, user string) ([]byte, error) {
	timeout := s.idleTimeout()
	conn, closeAll, err := timeout.connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	b := bus{conn, timeout, s.service}
	path, err := b.collection(ctx)
	if err != nil {
		return nil, err
	}
	session, items, err := b.search(ctx, path, user)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, b.absent(ctx, path)
	}
	contents := make([][]byte, len(items))
	for i, item := range items {
		if contents[i], err = b.secret(ctx, item, session); err != nil {
			return nil, b.withVersion(ctx, items, b.withConfirm(ctx, path, err))
		}
	}
	return commonContent(contents)
}

// A bus is a connection on which Secret Service methods are called.
type bus struct {
	conn        *dbus.Conn
	idleTimeout idleTimeout
	service     string // service name of the items
}

// call calls a method and waits for its answer.
func (b bus) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	var call *dbus.Call
	err := b.idleTimeout.wait(ctx, func(ctx context.Context) error {
		call = b.conn.Object(busName, path).CallWithContext(ctx, method, 0, args...)
		return call.Err
	})
	call.Err = err
	return call
}

// collection returns the collection of the items. It must be the first call on a connection,
// answered before the next: gnome-keyring has a race in which an OpenSession crashes the daemon.
func (b bus) collection(ctx context.Context) (dbus.ObjectPath, error) {
	var v dbus.Variant
	err := b.call(ctx, servicePath, getProperty, serviceInterface, "Collections").Store(&v)
	if err != nil {
		return "", fmt.Errorf("list the collections: %w", err)
	}
	if paths, ok := v.Value().([]dbus.ObjectPath); ok && slices.Contains(paths, loginPath) {
		return loginPath, nil
	}
	var path dbus.ObjectPath
	err = b.call(ctx, servicePath, serviceInterface+".ReadAlias", "default").Store(&path)
	if err != nil {
		return "", fmt.Errorf("find the default collection: %w", err)
	}
	if path == "/" {
		return "", withKind(helper.ErrUnavailable, ErrNoCollection)
	}
	return path, nil
}

// search opens a session, without encryption on the bus as go-keyring does, and searches for the
// user's items. It sends both calls together to save a round trip.
func (b bus) search(
	ctx context.Context, path dbus.ObjectPath, user string,
) (dbus.ObjectPath, []dbus.ObjectPath, error) {
	var (
		output  dbus.Variant
		session dbus.ObjectPath
		items   []dbus.ObjectPath
	)
	service, collection := b.conn.Object(busName, servicePath), b.conn.Object(busName, path)
	err := b.idleTimeout.wait(ctx, func(ctx context.Context) error {
		opening := service.GoWithContext(ctx, serviceInterface+".OpenSession", 0, nil, "plain", dbus.MakeVariant(""))
		searching := collection.GoWithContext(ctx, collectionInterface+".SearchItems", 0, nil, b.attributes(user))
		if err := (<-opening.Done).Store(&output, &session); err != nil {
			return fmt.Errorf("open a session: %w", err)
		}
		return (<-searching.Done).Store(&items)
	})
	if err != nil {
		return "", nil, fmt.Errorf("search the collection: %w", err)
	}
	return session, items, nil
}

// attributes returns the attributes of the user's item. go-keyring uses the same.
func (b bus) attributes(user string) map[string]string {
	return map[string]string{"service": b.service, "username": user}
}

// absent returns the error of a search without a result. A provider may return no items of a locked
// collection.
func (b bus) absent(ctx context.Context, path dbus.ObjectPath) error {
	locked, err := b.isLocked(ctx, path)
	switch {
	case err != nil:
		return err
	case locked:
		return helper.ErrLocked
	}
	return helper.ErrNotFound
}

func (b bus) isLocked(ctx context.Context, path dbus.ObjectPath) (bool, error) {
	var locked bool
	err := b.call(ctx, path, getProperty, collectionInterface, "Locked").Store(&locked)
	if err != nil {
		return false, fmt.Errorf("ask whether the collection is locked: %w", err)
	}
	return locked, nil
}

// secret returns the content of the item. A locked item is an error; secret does not prompt.
func (b bus) secret(ctx context.Context, item, session dbus.ObjectPath) ([]byte, error) {
	var content secret
	err := b.call(ctx, item, itemInterface+".GetSecret", session).Store(&content)
	if err != nil {
		return nil, fmt.Errorf("get the secret: %w", err)
	}
	return content.Value, nil
}
