package keychain

import (
	"errors"
	"io/fs"
	"os/exec"
	"syscall"

	"github.com/codex-cred/codex-cred/helper"
)

// Exit codes of security(1): the low eight bits of the codes in SecBase.h.
const (
	macNoSuchKeychain  = 50  // errSecNoSuchKeychain, -25294
	macNoDefault       = 37  // errSecNoDefaultKeychain, -25307
	macNotAllowed      = 36  // errSecInteractionNotAllowed, -25308
	macNotFound        = 44  // errSecItemNotFound, -25300
	macCancelledByUser = 128 // userCanceledErr, -128
)

// macError maps an error of go-keyring on macOS, where it runs security(1).
func macError(err error) error {
	var (
		exit   *exec.ExitError
		notRun *exec.Error
		noFile *fs.PathError
	)
	switch {
	case errors.As(err, &exit):
		return macExit(exit.ExitCode(), err)
	case errors.As(err, &notRun), errors.As(err, &noFile):
		return withKind(helper.ErrUnavailable, err)
	}
	return libraryError(err)
}

func macExit(code int, err error) error {
	switch code {
	case macNotAllowed, macCancelledByUser:
		return withKind(helper.ErrLocked, err)
	case macNotFound:
		return helper.ErrNotFound
	case macNoDefault, macNoSuchKeychain:
		return withKind(helper.ErrUnavailable, err)
	}
	return err
}

// Codes of winerror.h.
const (
	errNoLogonSession = syscall.Errno(1312) // ERROR_NO_SUCH_LOGON_SESSION: signed in over a network
	errBadStub        = syscall.Errno(1783) // RPC_X_BAD_STUB_DATA: the item is larger than a blob may be
)

// windowsError maps an error of go-keyring on Windows.
func windowsError(err error) error {
	switch {
	case errors.Is(err, errNoLogonSession):
		return withKind(helper.ErrUnavailable, err)
	case errors.Is(err, errBadStub):
		return withKind(helper.ErrTooLarge, err)
	}
	return libraryError(err)
}
