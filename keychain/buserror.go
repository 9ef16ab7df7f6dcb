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

// Names of errors, from the D-Bus specification and that of the Secret Service.
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

// busError maps what godbus returns on a Secret Service.
func busError(err error) error {
	name := nameOf(err)
	switch {
	case !isUnclassified(err):
		return err
	case name == nameIsLocked:
		return withKind(helper.ErrLocked, err)
	case name == busErrors+"TimedOut", // the provider takes its time to start
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

// writeError is busError for a call that changes something: if the daemon or
// the bus is lost in it, or stops to wait, it may have been done.
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

// withUnknown is what an error means once a part of the change is made. It is of no
// other kind: that would tell of the whole.
func withUnknown(err error) error {
	if err == nil || errors.Is(err, helper.ErrUnknown) {
		return err
	}
	return withKind(helper.ErrUnknown, err)
}

// isTransient reports whether a read may succeed if it is done again at once: the
// daemon or the bus died and is started anew, the daemon mistook the caller for
// a new one, or somebody deleted what had been found.
func isTransient(err error) bool {
	return isUnclassified(err) && isDisconnect(err) || isForgotten(err)
}

// isForgotten reports whether the daemon refused a call because it does not know
// the session, which gnome-keyring calls an invalid argument, or the object.
func isForgotten(err error) bool {
	return isUnclassified(err) && (isMissing(err) || slices.Contains([]string{noSession, invalidArgs}, nameOf(err)))
}

// isMissing reports whether the object of a call does not exist.
func isMissing(err error) bool {
	return isUnclassified(err) && slices.Contains([]string{unknownMethod, unknownObject, noSuchObject}, nameOf(err))
}

// isBusTimeout reports whether somebody on the way stopped to wait for a daemon
// that is still there. A dbus-daemon with a limit of its own gives that the name
// that it also gives to a death, and other words.
func isBusTimeout(err error) bool {
	name := nameOf(err)
	return name == busErrors+"Timeout" || name == noReply && strings.Contains(err.Error(), "(timeout by message bus)")
}

// isDisconnect reports whether the connection or the daemon broke off.
func isDisconnect(err error) bool {
	var op *net.OpError
	name := nameOf(err)
	return name == noReply && !isBusTimeout(err) || name == disconnected ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, dbus.ErrClosed) || errors.As(err, &op)
}

// isUnreachable reports whether the bus answers so where the Secret Service does
// not start, or where it is out of bounds.
func isUnreachable(name string) bool {
	return strings.HasPrefix(name, busErrors+"Spawn.") || name == busErrors+"AccessDenied"
}

// nameOf returns the name of a D-Bus error, or nothing.
func nameOf(err error) string {
	var e dbus.Error
	if errors.As(err, &e) {
		return e.Name
	}
	return ""
}
