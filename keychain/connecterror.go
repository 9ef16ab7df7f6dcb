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
	// errNotConnected is the error of a bus that exists and gives no connection.
	errNotConnected = errors.New("no connection")
)

// connectError distinguishes a bus that does not exist from one that gives no connection now.
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

// isNoBus reports whether an error while connecting means that there is no bus, or none for this
// user.
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
	return !isDisconnect(err) // godbus's text for a bad address or a refusal
}

// notConnectedError returns the error of a bus that exists and gives no connection: ErrTimeout,
// unless this process or the system lacks a resource.
func notConnectedError(err error) error {
	if isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ENOBUFS) {
		return err
	}
	return withKind(helper.ErrTimeout, err)
}

func isAny(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}
