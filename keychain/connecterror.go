//go:build !darwin && !windows

package keychain

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"syscall"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

var (
	errNoSocket = errors.New("not a unix socket of this computer, so its owner cannot be checked")
	errNoPath   = errors.New("it has neither one path nor one abstract name")
	// errNotConnected: there is a bus, and no connection to it.
	errNotConnected = errors.New("no connection")
)

// connectError tells a bus that is not there from one that gives no connection
// now.
func connectError(err error) error {
	switch {
	case !isUnclassified(err):
		return err
	case isNoBus(err):
		return noBusError(err)
	}
	return withKind(errNotConnected, err)
}

func noBusError(err error) error {
	return fmt.Errorf("%w: %w: %w", helper.ErrUnavailable, ErrNoBus, err)
}

// isNoBus reports whether an error on the way to the bus says that there is
// none, or none for this user.
func isNoBus(err error) bool {
	var (
		answer dbus.Error
		op     *net.OpError
	)
	switch {
	case errors.As(err, &answer):
		return answer.Name == busErrors+"AccessDenied"
	case errors.As(err, &op):
		return isAny(err, fs.ErrNotExist, fs.ErrPermission, syscall.ENOTDIR, syscall.ECONNREFUSED, syscall.EINVAL)
	}
	return !isDisconnect(err) // godbus's own words for a bad address, or for a refusal
}

// notConnectedError is the error of a bus that is there: it hangs up or has too many
// connections, unless this process or system is short of something.
func notConnectedError(err error) error {
	if isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS) {
		return err
	}
	return withKind(helper.ErrTimeout, err)
}

func isAny(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}
