package main

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
	"github.com/codex-cred/codex-cred/internal/disk/shimdir"
	"github.com/codex-cred/codex-cred/keychain"
)

// Exit codes. They are part of the interface: scripts depend on them.
const (
	exitOK          = 0
	exitOther       = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitSignIn      = 4
	exitTemporary   = 5
	exitStore       = 6
	exitBusy        = 7
	exitPerson      = 8
	exitFindings    = 10
	exitInterrupted = 130
)

// An outcome is what one kind of error means for a program and for a person.
type outcome struct {
	err  error
	code int
	kind string // the word in JSON
	hint string // what to do next; %s is the account as an argument, with its space
}

// inFile is the way out where the keychain is of no use.
const inFile = "keep the tokens in a file: codex-cred login%s --replace --store file"

// What to do where another process holds a lock.
const (
	whoHolds  = "see who holds it: codex-cred doctor"
	aboutBusy = "wait for the other codex-cred, then try again; " + whoHolds
)

// outcomes is looked through from the top: an error can be of two kinds.
func outcomes() []outcome {
	return []outcome{
		{context.Canceled, exitInterrupted, "interrupted", ""},
		{fault.ErrUsage, exitUsage, "usage", ""},
		{fault.ErrNeedsPerson, exitPerson, "needs-person", ""},
		{fault.ErrNotRevoked, exitFindings, "not-revoked", ""},
		{fault.ErrNotMoved, exitFindings, "not-moved", ""},
		{fault.ErrProblems, exitFindings, "problems", "do what each line says, then look again: codex-cred doctor"},
		{fault.ErrFindings, exitFindings, "findings", "mend what the list names, then repeat: codex-cred erase%s"},
		{fault.ErrForeign, exitOther, "foreign-host", ""},
		{wire.ErrMalformed, exitOther, "malformed", ""},
		{helper.ErrRejected, exitOther, "rejected", "is this the issuer that you meant? then try again"},
		{helper.ErrInvalid, exitUsage, "invalid", ""},
		{helper.ErrUnsafe, exitStore, "unsafe", ""},
		{helper.ErrBusy, exitBusy, "busy", aboutBusy},
		{helper.ErrShared, exitSignIn, "shared", "move it here: codex-cred import --from SOURCE; or sign in anew: codex-cred login%s --replace"},
		{helper.ErrElsewhere, exitSignIn, "elsewhere", "if this computer alone uses it: codex-cred migrate%[1]s --here; else sign in here: codex-cred login%[1]s --replace"},
		{helper.ErrSignInRequired, exitSignIn, "sign-in-required", "run: codex-cred login%s"},
		{keychain.ErrConfirm, exitStore, "locked", "turn off 'Confirm when passwords are retrieved by clients' in KeePassXC's settings, Secret Service Integration, then try again"},
		{helper.ErrUnknown, exitTemporary, "unknown", "try again"},
		{helper.ErrTimeout, exitTemporary, "timeout", "answer the keychain's window if one is open, or sign out of the desktop and in again, then try again"},
		{helper.ErrUnread, exitTemporary, "unread", "run: codex-cred refresh%s"},
		{helper.ErrTemporary, exitTemporary, "temporary", "try again later"},
		{context.DeadlineExceeded, exitTemporary, "timeout", "try again, or allow more time with --timeout"},
		{helper.ErrLocked, exitStore, "locked", "unlock the keychain, by signing in to the desktop or in its program (Passwords and Keys, or Keychain Access), then try again"},
		{helper.ErrFull, exitStore, "full", "free some space, then try again"},
		{helper.ErrUnknownStore, exitStore, "unavailable", "use the codex-cred that wrote it"},
		{keychain.ErrNoBus, exitStore, "unavailable", "over ssh or in a container there may be none: try from a desktop session, or " + inFile},
		{keychain.ErrForeignBus, exitStore, "unavailable", "sign in as this user (su -, sudo -i or a session of its own), so that DBUS_SESSION_BUS_ADDRESS names its own bus, or " + inFile},
		{keychain.ErrNoProvider, exitStore, "unavailable", "start or install a keychain such as gnome-keyring or KeePassXC, or " + inFile},
		{keychain.ErrNoCollection, exitStore, "unavailable", "create a keyring by signing in to the desktop or in Passwords and Keys (seahorse), or " + inFile},
		{helper.ErrUnavailable, exitStore, "unavailable", "try from a desktop session, or " + inFile},
		{helper.ErrTooLarge, exitOther, "too-large", inFile},
		{helper.ErrNewer, exitOther, "newer", "use the codex-cred that wrote it"},
		{hosttable.ErrTable, exitOther, "corrupt", "move that file away, then say again who answers what: codex-cred host add HOST ACCOUNT"},
		{shimdir.ErrArgs, exitOther, "corrupt", "make the program again: codex-cred shim add NAME -- get"},
		{helper.ErrCorrupt, exitOther, "corrupt", "run: codex-cred erase%s, then sign in again"},
		{helper.ErrErasing, exitNotFound, "erasing", "run: codex-cred erase%s"},
		{helper.ErrConflict, exitOther, "conflict", "try again"},
		{helper.ErrNotFound, exitNotFound, "not-found", "run: codex-cred login%s"},
	}
}

// replyKinds are the keychain's own errors in outcomes, by their names in the
// reply of a worker.
func replyKinds() map[string]error {
	return map[string]error{
		"confirm": keychain.ErrConfirm, "no-bus": keychain.ErrNoBus,
		"foreign-bus": keychain.ErrForeignBus,
		"no-provider": keychain.ErrNoProvider, "no-collection": keychain.ErrNoCollection,
	}
}

func classify(err error) outcome {
	for _, o := range outcomes() {
		if errors.Is(err, o.err) {
			return o
		}
	}
	return outcome{err: err, code: exitOther, kind: "other"}
}

func exitCode(err error) int {
	if code, ok := fault.ExitCode(err); ok {
		return code
	}
	return classify(err).code
}
