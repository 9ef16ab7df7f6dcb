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

// contentType keeps KeePassXC from taking an item for a password: that must be
// text, and what looks like a placeholder in it is replaced.
const contentType = "application/octet-stream"

// A secret is the struct of that name in the specification.
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

// An itemSet is an open collection, and the items of a user in it.
type itemSet struct {
	collection, session dbus.ObjectPath
	user                string
	items               []dbus.ObjectPath
}

// change calls f, which changes what is at the user's place. If a daemon that
// was started anew knows nothing of what f goes by, nothing is written yet, and
// all is done once more. After a loss it is not: that may have been a write.
func (s secretService) change(ctx context.Context, user string, f func(b bus, set itemSet) error) error {
	err := s.attempt(ctx, user, f)
	if isForgotten(err) && ctx.Err() == nil {
		err = s.attempt(ctx, user, f)
	}
	return err
}

// attempt calls f on a connection of its own. Until then nothing is written, and
// the connection ends with ctx; from then on f may still tidy up after that.
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

// locate returns the user's place, or ErrLocked if the collection is not open.
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

// checkUnlocked returns ErrLocked unless the collection is open.
func (b bus) checkUnlocked(ctx context.Context, collection dbus.ObjectPath) error {
	locked, err := b.isLocked(ctx, collection)
	if err == nil && locked {
		return helper.ErrLocked
	}
	return err
}

// find returns the items that are at the place now.
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

// put leaves one item with the content at the place. What others created there
// meanwhile is united with it.
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

// merge writes the content to one item and deletes the others. All writers
// choose the same one: if each kept another, two at once would keep none.
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

// deleteAll deletes all items at the place, and succeeds if none is left.
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

// removeAll deletes the items until one cannot be deleted, and reports whether
// it deleted any. If some were gone that is its error after all others.
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

// checkNoneLeft returns an error if an item is at the place: one that was missed, or
// that somebody created since.
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

// setSecret sets the content of an item that is there. To have CreateItem replace
// it is not the same: KeePassXC 2.7.4 asks a person then, whatever its settings.
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
