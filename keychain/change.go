//go:build !darwin && !windows

package keychain

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// contentType keeps KeePassXC from storing the item as a password: a password must be text, and
// KeePassXC replaces placeholders in it.
const contentType = "application/octet-stream"

// A secret is the Secret struct of the specification.
type secret struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

func (s secretService) set(ctx context.Context, user string, item []byte) error {
	return s.change(ctx, user, func(b bus, set itemSet) error { return b.put(ctx, set, item) })
}

func (s secretService) delete(ctx context.Context, user string) error {
	return s.change(ctx, user, func(b bus, set itemSet) error { return b.deleteAll(ctx, set) })
}

// An itemSet is an unlocked collection and the user's items in it.
type itemSet struct {
	collection, session dbus.ObjectPath
	user                string
	items               []dbus.ObjectPath
}

// change calls f, which changes the user's items. A restarted daemon does not know the session and
// the paths that f uses: then nothing was written, and change starts again, once. After a lost
// connection it does not, because f may have written.
func (s secretService) change(ctx context.Context, user string, f func(b bus, set itemSet) error) error {
	err := s.attempt(ctx, user, f)
	if isForgotten(err) && ctx.Err() == nil {
		err = s.attempt(ctx, user, f)
	}
	return err
}

// attempt calls f on a new connection. Before f the connection closes when ctx is done; f may clean
// up after that.
func (s secretService) attempt(ctx context.Context, user string, f func(b bus, set itemSet) error) error {
	var (
		b        bus
		set      itemSet
		closeAll func()
	)
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	outlive := context.AfterFunc(ctx, end)
	defer outlive()
	err := s.retryTransient(ctx, func(address string) (err error) {
		b.idleTimeout, b.service = s.idleTimeout(), s.service
		if b.conn, closeAll, err = b.idleTimeout.connect(life, address); err != nil {
			return err
		}
		if err = b.acquireName(ctx, user); err == nil {
			set, err = b.locate(ctx, user)
		}
		if err != nil {
			closeAll()
		}
		return err
	})
	if err != nil {
		return err
	}
	defer closeAll()
	outlive()
	if err := ctx.Err(); err != nil {
		return err
	}
	return writeError(f(b, set))
}

// locate finds the user's items, or returns ErrLocked if the collection is locked.
func (b bus) locate(ctx context.Context, user string) (set itemSet, err error) {
	set.user = user
	if set.collection, err = b.collection(ctx); err != nil {
		return itemSet{}, err
	}
	if err := b.checkUnlocked(ctx, set.collection); err != nil {
		return itemSet{}, err
	}
	set.session, set.items, err = b.search(ctx, set.collection, user)
	return set, err
}

// checkUnlocked returns ErrLocked if the collection is locked.
func (b bus) checkUnlocked(ctx context.Context, collection dbus.ObjectPath) error {
	locked, err := b.isLocked(ctx, collection)
	if err == nil && locked {
		return helper.ErrLocked
	}
	return err
}

// find searches for the items of the set again.
func (b bus) find(ctx context.Context, set itemSet) (items []dbus.ObjectPath, err error) {
	if err := b.checkUnlocked(ctx, set.collection); err != nil {
		return nil, err
	}
	err = b.call(ctx, set.collection, collectionInterface+".SearchItems", b.attributes(set.user)).Store(&items)
	if err != nil {
		return nil, fmt.Errorf("search the collection again: %w", err)
	}
	return items, nil
}

// put leaves one item with the content. If other writers created items in the meantime, put merges
// them.
func (b bus) put(ctx context.Context, set itemSet, item []byte) error {
	content := secret{Session: set.session, Value: item, ContentType: contentType}
	if len(set.items) > 0 {
		return b.merge(ctx, set, content)
	}
	if err := b.createItem(ctx, set, content); err != nil {
		return err
	}
	for {
		var err error
		if set.items, err = b.find(ctx, set); err != nil || len(set.items) < 2 {
			return withUnknown(err)
		}
		if err = b.merge(ctx, set, content); !isMissing(err) {
			return withUnknown(err)
		}
	}
}

// merge writes the content to one item and deletes the others. All writers keep the same item: two
// that keep different ones would delete both.
func (b bus) merge(ctx context.Context, set itemSet, content secret) error {
	keep := slices.MinFunc(set.items, func(a, b dbus.ObjectPath) int { return cmp.Compare(a, b) })
	if err := b.setSecret(ctx, keep, content); err != nil {
		return b.withConfirm(ctx, set.collection, err)
	}
	for _, item := range set.items {
		if item == keep {
			continue
		}
		if err := b.deleteItem(ctx, set.collection, item); err != nil && !isMissing(err) {
			return withUnknown(err)
		}
	}
	return nil
}

// deleteAll deletes the items of the set and returns no error if none is left.
func (b bus) deleteAll(ctx context.Context, set itemSet) error {
	if len(set.items) == 0 {
		return helper.ErrNotFound
	}
	removed, err := b.removeAll(ctx, set)
	if err == nil || isMissing(err) {
		err = b.checkNoneLeft(ctx, set, err)
	}
	switch {
	case removed:
		return withUnknown(err)
	case err == nil:
		return helper.ErrNotFound
	}
	return err
}

// removeAll deletes the items until one deletion fails, and reports whether it deleted any. An item
// that no longer exists does not stop it, but is the error that it returns.
func (b bus) removeAll(ctx context.Context, set itemSet) (removed bool, missed error) {
	for _, item := range set.items {
		switch err := b.deleteItem(ctx, set.collection, item); {
		case err == nil:
			removed = true
		case isMissing(err):
			missed = err
		default:
			return removed, err
		}
	}
	return removed, missed
}

// checkNoneLeft returns an error if an item is left: the one in missed, or one that another program
// created after the search.
func (b bus) checkNoneLeft(ctx context.Context, set itemSet, missed error) error {
	left, err := b.find(ctx, set)
	switch {
	case err != nil || len(left) == 0:
		return err
	case missed != nil:
		return missed
	}
	return helper.ErrConflict
}

// setSecret sets the content of an existing item. CreateItem with replace is not equivalent:
// KeePassXC 2.7.4 then asks the person, whatever its settings.
func (b bus) setSecret(ctx context.Context, item dbus.ObjectPath, content secret) error {
	err := b.conn.Object(busName, item).CallWithContext(ctx, itemInterface+".SetSecret", 0, content).Err
	if err != nil {
		return fmt.Errorf("set the secret: %w", err)
	}
	return nil
}

func (b bus) createItem(ctx context.Context, set itemSet, content secret) error {
	properties := map[string]dbus.Variant{
		itemInterface + ".Label":      dbus.MakeVariant(fmt.Sprintf("Password for '%s' on '%s'", set.user, b.service)),
		itemInterface + ".Attributes": dbus.MakeVariant(b.attributes(set.user)),
	}
	const replace = false // see setSecret
	var created, prompt dbus.ObjectPath
	err := b.conn.Object(busName, set.collection).CallWithContext(ctx, collectionInterface+".CreateItem", 0,
		properties, content, replace).Store(&created, &prompt)
	if err != nil {
		return fmt.Errorf("create the item: %w", err)
	}
	return b.completePrompt(ctx, set.collection, prompt)
}

func (b bus) deleteItem(ctx context.Context, collection, item dbus.ObjectPath) error {
	var prompt dbus.ObjectPath
	err := b.conn.Object(busName, item).CallWithContext(ctx, itemInterface+".Delete", 0).Store(&prompt)
	if err != nil {
		return fmt.Errorf("delete the item: %w", err)
	}
	return b.completePrompt(ctx, collection, prompt)
}
