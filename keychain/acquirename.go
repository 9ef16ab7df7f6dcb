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

// namePrefix is the bus name that writers request, without the name of the item.
const namePrefix = "io.github.codex_cred.Change.item_"

// acquireName waits until no other connection changes the user's item: KeePassXC 2.7.4 crashes when
// two connections delete the same one. Writers queue for a name on the bus. The bus frees the name
// when the connection closes, even if its process was killed. If the bus refuses names, acquireName
// does not wait.
func (b bus) acquireName(ctx context.Context, user string) error {
	name := namePrefix + strings.ReplaceAll(user, "/", "_")
	if b.service != Service { // its user names may hold any character
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
