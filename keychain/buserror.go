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
	unknownMethod = busErrors + "UnknownMethod"
	unknownObject = busErrors + "UnknownObject"
	noSuchObject  = secretErrors + "NoSuchObject"
	noSession     = secretErrors + "NoSession"
	isLocked      = secretErrors + "IsLocked"
)

// busError maps what godbus returns on a Secret Service.
func busError(err error) error {
	name := nameOf(err)
	switch {
	case !nameless(err):
		return err
	case name == isLocked:
		return as(helper.ErrLocked, err)
	case name == busErrors+"TimedOut": // the provider takes its time to start
		return as(helper.ErrTimeout, err)
	case slices.Contains([]string{busErrors + "ServiceUnknown", busErrors + "NameHasNoOwner"}, name):
		return as(helper.ErrUnavailable, as(ErrNoProvider, err))
	case lost(err), unreachable(name):
		return as(helper.ErrUnavailable, err)
	}
	return err
}

// writeError is busError for a call that changes something: if the daemon or
// the bus is lost in it, it may have been done.
func writeError(err error) error {
	if lost(err) {
		return as(helper.ErrUnknown, err)
	}
	return busError(err)
}

// transient reports whether a read may succeed if it is done again at once: the
// daemon or the bus died and is started anew, the daemon mistook the caller for
// a new one, or somebody deleted what had been found.
func transient(err error) bool {
	if !nameless(err) {
		return false
	}
	return lost(err) || slices.Contains([]string{unknownMethod, unknownObject, noSuchObject, noSession}, nameOf(err))
}

// lost reports whether the connection or the daemon broke off.
func lost(err error) bool {
	var op *net.OpError
	name := nameOf(err)
	return name == noReply || name == disconnected ||
		errors.Is(err, io.EOF) || errors.Is(err, dbus.ErrClosed) || errors.As(err, &op)
}

// unreachable reports whether the bus answers so where the Secret Service does
// not start, or where it is out of bounds.
func unreachable(name string) bool {
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
