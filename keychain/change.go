//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	promptInterface = "org.freedesktop.Secret.Prompt"
	busInterface    = "org.freedesktop.DBus"

	// contentType keeps KeePassXC from taking an item for a password: that must
	// be text, and what looks like a placeholder in it is replaced.
	contentType = "application/octet-stream"
)

var (
	errDeclined = errors.New("the secret service asked a person, who declined, or could not ask")
	errGone     = errors.New("the secret service went away")
)

// A secret is the struct of that name in the specification.
type secret struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

// set replaces the content of an item that is there. To have CreateItem replace
// it is not the same: KeePassXC 2.7.4 asks a person then, whatever its settings.
func (s secretService) set(ctx context.Context, user string, item []byte) error {
	return s.change(ctx, user, func(b bus, at place) error {
		content := secret{Session: at.session, Value: item, ContentType: contentType}
		if len(at.items) == 0 {
			return b.create(ctx, at.collection, user, content)
		}
		return b.replace(ctx, at.items[0], content)
	})
}

func (b bus) replace(ctx context.Context, item dbus.ObjectPath, content secret) error {
	err := b.conn.Object(busName, item).CallWithContext(ctx, itemInterface+".SetSecret", 0, content).Err
	if err != nil {
		return fmt.Errorf("set the secret: %w", err)
	}
	return nil
}

func (b bus) create(ctx context.Context, collection dbus.ObjectPath, user string, content secret) error {
	properties := map[string]dbus.Variant{
		itemInterface + ".Label":      dbus.MakeVariant(fmt.Sprintf("Password for '%s' on '%s'", user, Service)),
		itemInterface + ".Attributes": dbus.MakeVariant(attributes(user)),
	}
	const replace = true // what somebody else created since
	var created, prompt dbus.ObjectPath
	err := b.conn.Object(busName, collection).CallWithContext(ctx, collectionInterface+".CreateItem", 0,
		properties, content, replace).Store(&created, &prompt)
	if err != nil {
		return fmt.Errorf("create the item: %w", err)
	}
	return b.settle(ctx, collection, prompt)
}

func (s secretService) delete(ctx context.Context, user string) error {
	return s.change(ctx, user, func(b bus, at place) error {
		if len(at.items) == 0 {
			return helper.ErrNotFound
		}
		return b.remove(ctx, at.collection, at.items[0])
	})
}

func (b bus) remove(ctx context.Context, collection, item dbus.ObjectPath) error {
	var prompt dbus.ObjectPath
	err := b.conn.Object(busName, item).CallWithContext(ctx, itemInterface+".Delete", 0).Store(&prompt)
	if err != nil {
		return fmt.Errorf("delete the item: %w", err)
	}
	return b.settle(ctx, collection, prompt)
}

// A place is an open collection, and the items of a user in it.
type place struct {
	collection, session dbus.ObjectPath
	items               []dbus.ObjectPath
}

// change calls f, which changes what is at the user's place, on a connection of
// its own, so that ending ctx ends it. Until then nothing is written, and it may
// be done again.
func (s secretService) change(ctx context.Context, user string, f func(b bus, at place) error) error {
	var (
		b        bus
		at       place
		closeAll func()
	)
	err := s.twice(ctx, func(address string) (err error) {
		b.silence = s.silence()
		if b.conn, closeAll, err = b.silence.connect(ctx, address); err != nil {
			return err
		}
		if at, err = b.locate(ctx, user); err != nil {
			closeAll()
		}
		return err
	})
	if err != nil {
		return err
	}
	defer closeAll()
	if err := ctx.Err(); err != nil {
		return err
	}
	return writeError(f(b, at))
}

// locate returns the user's place, or ErrLocked if the collection is not open.
func (b bus) locate(ctx context.Context, user string) (at place, err error) {
	if at.collection, err = b.collection(ctx); err != nil {
		return place{}, err
	}
	if err := b.open(ctx, at.collection); err != nil {
		return place{}, err
	}
	at.session, at.items, err = b.search(ctx, at.collection, user)
	return at, err
}

// open returns ErrLocked unless the collection is open.
func (b bus) open(ctx context.Context, collection dbus.ObjectPath) error {
	locked, err := b.locked(ctx, collection)
	if err == nil && locked {
		return helper.ErrLocked
	}
	return err
}

// settle ends a change for which the provider returned the prompt, where "/" is
// none. KeePassXC returns one whenever it creates or deletes an item, and asks a
// person in it only if its settings say so. A prompt for the password of the collection, which was
// open before, is not begun: then nothing was changed.
func (b bus) settle(ctx context.Context, collection, prompt dbus.ObjectPath) error {
	if prompt == "/" {
		return nil
	}
	if err := b.open(ctx, collection); err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 8)
	b.conn.Signal(signals)
	for _, match := range [][]dbus.MatchOption{
		{dbus.WithMatchObjectPath(prompt), dbus.WithMatchInterface(promptInterface), dbus.WithMatchMember("Completed")},
		{dbus.WithMatchInterface(busInterface), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, busName)},
	} {
		if err := b.conn.AddMatchSignalContext(ctx, match...); err != nil {
			return fmt.Errorf("listen to the prompt: %w", err)
		}
	}
	if err := b.conn.Object(busName, prompt).CallWithContext(ctx, promptInterface+".Prompt", 0, "").Err; err != nil {
		return fmt.Errorf("begin the prompt: %w", err)
	}
	return await(ctx, signals, prompt)
}

// await returns when the prompt is completed.
func await(ctx context.Context, signals <-chan *dbus.Signal, prompt dbus.ObjectPath) error {
	for {
		select {
		case s, open := <-signals:
			switch {
			case !open:
				return dbus.ErrClosed
			case s.Name == busInterface+".NameOwnerChanged":
				return as(helper.ErrUnknown, errGone)
			case s.Name == promptInterface+".Completed" && s.Path == prompt:
				return completed(s)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// completed is the error of a prompt that ended with the signal.
func completed(s *dbus.Signal) error {
	var (
		dismissed bool
		result    dbus.Variant
	)
	if err := dbus.Store(s.Body, &dismissed, &result); err != nil {
		return fmt.Errorf("read the answer of the prompt: %w", err)
	}
	if dismissed {
		return as(helper.ErrLocked, errDeclined)
	}
	return nil
}
