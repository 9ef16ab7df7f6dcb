//go:build !darwin && !windows

package keychain

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

func (s secretService) list(ctx context.Context) ([]string, error) {
	var users []string
	err := s.retryTransient(ctx, func(address string) (err error) {
		users, err = s.users(ctx, address)
		return err
	})
	return users, err
}

// users returns the user names of the service's items. A provider may return no items of a locked
// collection.
func (s secretService) users(ctx context.Context, address string) ([]string, error) {
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
	if locked, err := b.isLocked(ctx, path); err != nil || locked {
		return nil, firstError(err, helper.ErrLocked)
	}
	var items []dbus.ObjectPath
	err = b.call(ctx, path, collectionInterface+".SearchItems", map[string]string{"service": s.service}).Store(&items)
	if err != nil {
		return nil, fmt.Errorf("search the collection: %w", err)
	}
	var users []string
	for _, item := range items {
		var attributes map[string]string
		err := b.call(ctx, item, getProperty, itemInterface, "Attributes").Store(&attributes)
		switch {
		case isMissing(err): // deleted after the search
		case err != nil:
			return nil, fmt.Errorf("ask for the attributes of an item: %w", err)
		default:
			users = append(users, attributes["username"])
		}
	}
	return users, nil
}

// firstError returns err, or otherwise if err is nil.
func firstError(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}
