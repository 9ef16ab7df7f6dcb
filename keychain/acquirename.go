//go:build !darwin && !windows

package keychain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// namePrefix is followed by the name of the item.
const namePrefix = "io.github.codex_cred.Change.item_"

// acquireName waits until no other connection changes the user's item: KeePassXC 2.7.4
// crashes when two delete the same one. Writers queue for a name on the bus,
// which frees it when a connection ends, however that comes. Where the bus
// allows no names it goes without.
func (b bus) acquireName(ctx context.Context, user string) error {
	name := namePrefix + strings.ReplaceAll(user, "/", "_")
	if b.service != Service { // whose names can be anything
		name = namePrefix + string(helper.Digest([]byte(b.service+"/"+user)))
	}
	signals := make(chan *dbus.Signal, 8)
	b.conn.Signal(signals)
	defer b.conn.RemoveSignal(signals)
	var reply dbus.RequestNameReply
	err := b.idleTimeout.wait(ctx, func(ctx context.Context) error {
		return b.conn.BusObject().CallWithContext(ctx, busInterface+".RequestName", 0, name, uint32(0)).Store(&reply)
	})
	switch {
	case nameOf(err) != "" && !isDisconnect(err):
		return nil
	case err != nil:
		return fmt.Errorf("queue to change the item: %w", err)
	case reply != dbus.RequestNameReplyInQueue:
		return nil
	}
	for {
		select {
		case s, open := <-signals:
			if !open {
				return dbus.ErrClosed
			}
			if s.Name == busInterface+".NameAcquired" && slices.Contains(s.Body, any(name)) {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
