// Package exit maps errors to what they mean: an exit code and a word for
// programs, and a hint for users. [Outcomes] is the table; a new kind of error
// is a row in it.
package exit

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
	OK          = 0   // success
	Other       = 1   // any other error
	Usage       = 2   // the command line, or what it names, is invalid
	NotFound    = 3   // there is no such account
	SignIn      = 4   // a new sign-in is required
	Temporary   = 5   // the same command may succeed later
	Store       = 6   // the store of the tokens cannot be used
	Busy        = 7   // another process holds the lock
	Person      = 8   // a user must do something, and none is present
	Findings    = 10  // the command ran, and its output lists what is wrong
	Interrupted = 130 // 128 + SIGINT, as in shells
)

// An Outcome is what one kind of error means for programs and users.
type Outcome struct {
	Err  error  // the kind, for errors.Is
	Code int    // the exit code
	Kind string // the word in JSON output
	hint string // what to do next; %s is the account as an argument, with a leading space
}

// inFile is the hint to keep the tokens in a file where the keychain cannot be
// used.
const inFile = "keep the tokens in a file: codex-cred login%s --replace --store file"

const (
	// WhoHolds is the hint how to find the process that holds a lock.
	WhoHolds  = "see who holds it: codex-cred doctor"
	aboutBusy = "wait for the other codex-cred, then try again; " + WhoHolds
)

// Outcomes returns the kinds of errors. If an error is of several kinds, the
// first counts.
func Outcomes() []Outcome {
	return []Outcome{
		{context.Canceled, Interrupted, "interrupted", ""},
		{fault.ErrUsage, Usage, "usage", ""},
		{fault.ErrNeedsPerson, Person, "needs-person", ""},
		{fault.ErrNotRevoked, Findings, "not-revoked", ""},
		{fault.ErrNotMoved, Findings, "not-moved", ""},
		{fault.ErrProblems, Findings, "problems", "do what each line says, then look again: codex-cred doctor"},
		{fault.ErrFindings, Findings, "findings", "mend what the list names, then repeat: codex-cred erase%s"},
		{fault.ErrForeign, Other, "foreign-host", ""},
		{wire.ErrMalformed, Other, "malformed", ""},
		{helper.ErrRejected, Other, "rejected", "is this the issuer that you meant? then try again"},
		{helper.ErrInvalid, Usage, "invalid", ""},
		{helper.ErrUnsafe, Store, "unsafe", ""},
		{helper.ErrBusy, Busy, "busy", aboutBusy},
		{helper.ErrShared, SignIn, "shared", "move it here: codex-cred import --from SOURCE; or sign in anew: codex-cred login%s --replace"},
		{helper.ErrElsewhere, SignIn, "elsewhere", "if this computer alone uses it: codex-cred migrate%[1]s --here; else sign in here: codex-cred login%[1]s --replace"},
		{helper.ErrSignInRequired, SignIn, "sign-in-required", "run: codex-cred login%s"},
		{keychain.ErrConfirm, Store, "locked", "turn off 'Confirm when passwords are retrieved by clients' in KeePassXC's settings, Secret Service Integration, then try again"},
		{helper.ErrUnknown, Temporary, "unknown", "try again"},
		{helper.ErrTimeout, Temporary, "timeout", "answer the keychain's window if one is open, or sign out of the desktop and in again, then try again"},
		{helper.ErrUnread, Temporary, "unread", "run: codex-cred refresh%s"},
		{helper.ErrTemporary, Temporary, "temporary", "try again later"},
		{context.DeadlineExceeded, Temporary, "timeout", "try again, or allow more time with --timeout"},
		{helper.ErrLocked, Store, "locked", "unlock the keychain, by signing in to the desktop or in its program (Passwords and Keys, or Keychain Access), then try again"},
		{helper.ErrFull, Store, "full", "free some space, then try again"},
		{helper.ErrUnknownStore, Store, "unavailable", "use the codex-cred that wrote it"},
		{keychain.ErrNoBus, Store, "unavailable", "over ssh or in a container there may be none: try from a desktop session, or " + inFile},
		{keychain.ErrForeignBus, Store, "unavailable", "sign in as this user (su -, sudo -i or a session of its own), so that DBUS_SESSION_BUS_ADDRESS names its own bus, or " + inFile},
		{keychain.ErrNoProvider, Store, "unavailable", "start or install a keychain such as gnome-keyring or KeePassXC, or " + inFile},
		{keychain.ErrNoCollection, Store, "unavailable", "create a keyring by signing in to the desktop or in Passwords and Keys (seahorse), or " + inFile},
		{helper.ErrUnavailable, Store, "unavailable", "try from a desktop session, or " + inFile},
		{helper.ErrTooLarge, Other, "too-large", inFile},
		{helper.ErrNewer, Other, "newer", "use the codex-cred that wrote it"},
		{hosttable.ErrTable, Other, "corrupt", "move that file away, then say again who answers what: codex-cred host add HOST ACCOUNT"},
		{shimdir.ErrArgs, Other, "corrupt", "make the program again: codex-cred shim add NAME -- get"},
		{helper.ErrCorrupt, Other, "corrupt", "run: codex-cred erase%s, then sign in again"},
		{helper.ErrErasing, NotFound, "erasing", "run: codex-cred erase%s"},
		{helper.ErrConflict, Other, "conflict", "try again"},
		{helper.ErrNotFound, NotFound, "not-found", "run: codex-cred login%s"},
	}
}

// ReplyKinds returns the keychain's own errors in Outcomes, by their names in a
// worker's reply.
func ReplyKinds() map[string]error {
	return map[string]error{
		"confirm": keychain.ErrConfirm, "no-bus": keychain.ErrNoBus,
		"foreign-bus": keychain.ErrForeignBus,
		"no-provider": keychain.ErrNoProvider, "no-collection": keychain.ErrNoCollection,
	}
}

// Classify returns the first outcome whose kind the error is, or the outcome of
// all other errors.
func Classify(err error) Outcome {
	for _, o := range Outcomes() {
		if errors.Is(err, o.Err) {
			return o
		}
	}
	return Outcome{Err: err, Code: Other, Kind: "other"}
}

// Code returns the exit code for the error.
func Code(err error) int {
	if code, ok := fault.ExitCode(err); ok {
		return code
	}
	return Classify(err).Code
}
