//go:build !darwin && !windows

package keychain

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/keychain/internal/peer"
)

// A foreignBusError reports a bus of another user.
type foreignBusError struct {
	address string
	owner   peer.Owner
	refused bool // the bus closed the connection, not this process
}

func (e *foreignBusError) Error() string {
	text := fmt.Sprintf("the session bus at %s belongs to %s", e.address, e.owner)
	if e.refused {
		text += ", and refuses this user"
	}
	return text
}

// Is makes it match ErrForeignBus.
func (e *foreignBusError) Is(target error) bool { return target == ErrForeignBus }

// A busEnd is the other end of a connection to the bus.
type busEnd struct {
	address string
	owner   peer.Owner
}

// refusal returns the error of a sign-in to the bus. A bus of another user closes the connection
// for good; only root's bus can be one here, because dial accepts no other.
func (e busEnd) refusal(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil || !e.owner.Foreign() || !isDisconnect(err) && !isNoBus(err) {
		return err
	}
	return withKind(helper.ErrUnavailable, &foreignBusError{e.address, e.owner, true})
}

// dial connects to the first socket of the address that belongs to this user or to root. It accepts
// only unix sockets: a connection to another address ignores the context, and its owner cannot be
// checked.
func dial(ctx context.Context, address string) (conn *dbus.Conn, end busEnd, err error) {
	var socket *net.UnixConn
	err = retryBusy(ctx, func() (err error) {
		socket, end, err = dialAny(ctx, address)
		return err
	})
	if err == nil {
		conn, err = dbus.DialUnix(socket, dbus.WithContext(ctx))
	}
	return conn, end, err
}

// dialAny tries the addresses in order. If none works it returns the most useful error: a bus of
// another user, then a failed connection, then an address that it does not support.
func dialAny(ctx context.Context, address string) (*net.UnixConn, busEnd, error) {
	var foreign, failed, odd error
	for one := range strings.SplitSeq(address, ";") {
		path, err := socketOf(one)
		if err != nil {
			odd = err
			continue
		}
		conn, owner, err := dialSocket(ctx, path)
		switch {
		case err == nil && owner.Trusted():
			return conn, busEnd{one, owner}, nil
		case err == nil:
			_ = conn.Close()
			foreign = withKind(helper.ErrUnavailable, &foreignBusError{address: one, owner: owner})
		default:
			failed = err
		}
	}
	if errors.Is(failed, syscall.EAGAIN) {
		return nil, busEnd{}, failed
	}
	return nil, busEnd{}, firstError(foreign, firstError(failed, odd))
}

// dialSocket connects to a socket and returns its owner. A path that begins with @ is an abstract
// name. It sends nothing.
func dialSocket(ctx context.Context, path string) (*net.UnixConn, peer.Owner, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err != nil {
		return nil, peer.Owner{}, err
	}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		_ = conn.Close()
		return nil, peer.Owner{}, errNoSocket
	}
	owner, err := peer.Of(socket)
	if err != nil {
		_ = conn.Close()
		return nil, peer.Owner{}, err
	}
	return socket, owner, nil
}

// socketOf returns the path of the socket at one address of a list, or @ and its abstract name. The
// format is in
// https://dbus.freedesktop.org/doc/dbus-specification.html#transports-unix-domain-sockets
func socketOf(address string) (string, error) {
	keys, isUnix := strings.CutPrefix(address, "unix:")
	if !isUnix {
		return "", fmt.Errorf("%q: %w", address, errNoSocket)
	}
	var file, name string
	for pair := range strings.SplitSeq(keys, ",") {
		key, value, _ := strings.Cut(pair, "=")
		value, err := dbus.UnescapeBusAddressValue(value)
		switch {
		case err != nil:
			return "", fmt.Errorf("%q: %w", address, err)
		case key == "path":
			file = value
		case key == "abstract":
			name = value
		}
	}
	switch {
	case file != "" && name == "":
		return file, nil
	case file == "" && name != "":
		return "@" + name, nil
	}
	return "", fmt.Errorf("%q: %w", address, errNoPath)
}

// retryBusy connects again while the queue of the bus is full (EAGAIN).
func retryBusy(ctx context.Context, connect func() error) error {
	for {
		err := connect()
		if !errors.Is(err, syscall.EAGAIN) {
			return err
		}
		jitter(ctx)
		if ctx.Err() != nil {
			return err
		}
	}
}
