// Package testsecurity stands in for the keychain of macOS in tests: a program
// that answers as security(1) does, with faults on order, and a keychain of its
// own for each test. Start with [Start].
//
// It works where the program is built into what is tested, in the place of
// /usr/bin/security. So does .ci/darwin, which builds the sources of macOS for
// Linux. The keychain of the person who runs the tests is never met.
package testsecurity

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// Part is the name that tests require it by, see [parts.Need].
const Part = "security"

// Built names the environment variable that is set where the program takes the
// place of security(1).
const Built = "CODEX_CRED_TEST_SECURITY_BUILT"

// State names the environment variable by which the program finds its keychain,
// a directory.
const State = "CODEX_CRED_TEST_SECURITY"

// A Fault is what the program does wrong, or what happens to a keychain.
type Fault string

// The faults. All but Locked, Cancelled and Truncating are of reads.
const (
	Locked        Fault = "locked"         // nobody may be asked to unlock it
	Cancelled     Fault = "cancelled"      // a person was asked, and cancelled
	NoKeychain    Fault = "no-keychain"    // there is no default keychain
	Hanging       Fault = "hanging"        // a person is asked, and does not answer; writes hang too
	Slow          Fault = "slow"           // each call takes a while
	Truncating    Fault = "truncating"     // writes lose the end of the item
	TruncatedRead Fault = "truncated-read" // reads do
	EveryOther    Fault = "every-other"    // every second read fails
	Overlapping   Fault = "overlapping"    // a read fails while another runs
	Failing       Fault = "failing"        // reads fail for no reason that has a name
)

// A Keychain is one of a test.
type Keychain struct {
	dir  string
	seen int // calls that NewCalls returned
}

// Start makes a keychain that lasts until the end of the test. Where the program
// takes no place the test ends as [parts.Need] decides.
func Start(t testing.TB) *Keychain {
	t.Helper()
	Need(t)
	dir, err := os.MkdirTemp("", "security") //nolint:usetesting // see remove
	k := &Keychain{dir: dir}
	k.must(t, err)
	t.Cleanup(func() { k.must(t, remove(dir)) })
	k.must(t, os.Mkdir(k.path(itemsDir), 0o700))
	return k
}

// remove removes the keychain beside programs that begin just then: a call that
// was cut short may have left one, and go-keyring leaves one for each item that is
// too large.
func remove(dir string) (err error) {
	for range 100 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
	}
	return err
}

// Need ends the test as [parts.Need] decides where the program takes no place.
func Need(t testing.TB) {
	t.Helper()
	var missing error
	if os.Getenv(Built) == "" { //nolint:forbidigo // set by what built the tests
		missing = errors.New("the tests were not built with the stand-in for security(1); run .ci/darwin")
	}
	parts.Need(t, Part, missing)
}

func (k *Keychain) path(name string) string { return filepath.Join(k.dir, name) }

func (k *Keychain) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("the stand-in's keychain: %v", err)
	}
}

// Env returns the variables, NAME=VALUE, with which the program finds the keychain.
func (k *Keychain) Env() []string { return []string{State + "=" + k.dir} }

// Setenv sets the variables in this process until the end of the test.
func (k *Keychain) Setenv(t testing.TB) {
	t.Helper()
	t.Setenv(State, k.dir)
}

// Fail orders the fault from here on, in the place of another.
func (k *Keychain) Fail(t testing.TB, fault Fault) {
	t.Helper()
	k.must(t, replaceFile(k.dir, faultFile, []byte(fault)))
}

// Heal ends the fault.
func (k *Keychain) Heal(t testing.TB) { k.Fail(t, "") }

// Lock locks the keychain.
func (k *Keychain) Lock(t testing.TB) { k.Fail(t, Locked) }

// Unlock undoes Lock.
func (k *Keychain) Unlock(t testing.TB) { k.Heal(t) }

// Stop makes every call hang until Continue.
func (k *Keychain) Stop(t testing.TB) { k.Fail(t, Hanging) }

// Continue undoes Stop.
func (k *Keychain) Continue(t testing.TB) { k.Heal(t) }

// Kill does nothing: macOS starts its daemon anew before anybody notices.
func (k *Keychain) Kill() {}

// Items returns the accounts of the items of all services.
func (k *Keychain) Items(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob(k.path(filepath.Join(itemsDir, "*")))
	k.must(t, err)
	items := make([]string, 0, len(names))
	for _, name := range names {
		_, account, err := decodeName(filepath.Base(name))
		k.must(t, err)
		items = append(items, account)
	}
	return items
}

// Add puts an item into the keychain, as go-keyring does.
func (k *Keychain) Add(t testing.TB, service, account, item string) {
	t.Helper()
	k.must(t, replaceFile(k.dir, nameOf(service, account), []byte(item)))
}

// NewCalls returns the commands that the program was given since it was last
// called, without services, accounts and passwords.
func (k *Keychain) NewCalls(t testing.TB) []string {
	t.Helper()
	content, err := os.ReadFile(k.path(callsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	k.must(t, err)
	calls := strings.Fields(string(content))
	fresh := calls[k.seen:]
	k.seen = len(calls)
	return fresh
}

// Prompted reports whether a command was run that can only ask a person.
func (k *Keychain) Prompted() bool {
	content, err := os.ReadFile(k.path(callsFile))
	return err == nil && strings.Contains(string(content), "unlock-keychain")
}
