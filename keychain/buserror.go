//go:build !darwin && !windows

package keychain

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// Names of errors in the specifications of D-Bus and of the Secret Service.
const (
	busErrors    = "org.freedesktop.DBus.Error."
	secretErrors = "org.freedesktop.Secret.Error."

	noReply       = busErrors + "NoReply"
	disconnected  = busErrors + "Disconnected"
	invalidArgs   = busErrors + "InvalidArgs"
	unknownMethod = busErrors + "UnknownMethod"
	unknownObject = busErrors + "UnknownObject"
	noSuchObject  = secretErrors + "NoSuchObject"
	noSession     = secretErrors + "NoSession"
	nameIsLocked  = secretErrors + "IsLocked"
)

// busError maps an error of godbus to the errors of helper.
func busError(err error) error {
	name := nameOf(err)
	switch {
	case !isUnclassified(err):
		return err
	case name == nameIsLocked:
		return withKind(helper.ErrLocked, err)
	case name == busErrors+"TimedOut", // the provider did not start in time
		isBusTimeout(err):
		return withKind(helper.ErrTimeout, err)
	case errors.Is(err, errNotConnected):
		return notConnectedError(err)
	case slices.Contains([]string{busErrors + "ServiceUnknown", busErrors + "NameHasNoOwner"}, name):
		return withKind(helper.ErrUnavailable, withKind(ErrNoProvider, err))
	case isDisconnect(err), isUnreachable(name):
		return withKind(helper.ErrUnavailable, err)
	}
	return err
}

// writeError is busError for a call that writes. If the daemon, the bus or the connection failed
// during the call, the write may have been made: that is ErrUnknown.
func writeError(err error) error {
	switch {
	case errors.Is(err, helper.ErrUnknown):
		return err
	case isBusTimeout(err):
		return withKind(helper.ErrUnknown, withKind(helper.ErrTimeout, err))
	case isDisconnect(err):
		return withKind(helper.ErrUnknown, err)
	}
	return busError(err)
}

// withUnknown returns the error of a change after its first write: ErrUnknown and no other kind,
// because another kind would describe the whole change.
func withUnknown(err error) error {
	if err == nil || errors.Is(err, helper.ErrUnknown) {
		return err
	}
	return withKind(helper.ErrUnknown, err)
}

// isTransient reports whether a read may succeed if it is repeated at once: the daemon or the bus
// died and was restarted, the daemon confused the caller with a new one, or another program deleted
// an item after the search.
func isTransient(err error) bool {
	return isUnclassified(err) && isDisconnect(err) || isForgotten(err)
}

// isForgotten reports whether the daemon refused a call because it does not know the session or the
// object. gnome-keyring reports an unknown session as an invalid argument.
func isForgotten(err error) bool {
	return isUnclassified(err) && (isMissing(err) || slices.Contains([]string{noSession, invalidArgs}, nameOf(err)))
}

// isMissing reports whether the object of a call does not exist.
func isMissing(err error) bool {
	return isUnclassified(err) && slices.Contains([]string{unknownMethod, unknownObject, noSuchObject}, nameOf(err))
}

// isBusTimeout reports whether the bus stopped waiting for a daemon that still runs. A dbus-daemon
// with a limit of its own reports that under the name for a dead daemon, with another text.
func isBusTimeout(err error) bool {
	name := nameOf(err)
	return name == busErrors+"Timeout" || name == noReply && strings.Contains(err.Error(), "(timeout by message bus)")
}

// isDisconnect reports whether the connection or the daemon broke off during the call.
func isDisconnect(err error) bool {
	var op *net.OpError
	name := nameOf(err)
	return name == noReply && !isBusTimeout(err) || name == disconnected ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, dbus.ErrClosed) || errors.As(err, &op)
}

// isUnreachable reports whether the bus cannot start the Secret Service, or denies access to it.
func isUnreachable(name string) bool {
	return strings.HasPrefix(name, busErrors+"Spawn.") || name == busErrors+"AccessDenied"
}

// nameOf returns the name of a D-Bus error, or "" for another error.
func nameOf(err error) string {
	var e dbus.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return ""
}
