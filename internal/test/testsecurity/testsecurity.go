// Package testsecurity is a fake of the macOS keychain for tests: a program that answers as
// security(1) does, with injected faults, and a keychain for each test. Start with [Start].
//
// It works if the program is built into what is tested, at the path of /usr/bin/security.
// .ci/darwin does that when it builds the sources of macOS for Linux. The user's own keychain is
// never used.
package testsecurity

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// Part is the part that requires it, see [parts.Need].
const Part = "security"

// Built is the environment variable that is set if the program replaces security(1).
const Built = "CODEX_CRED_TEST_SECURITY_BUILT"

// State is the environment variable with the directory of the program's keychain.
const State = "CODEX_CRED_TEST_SECURITY"

// A Fault is a fault of the program, or a state of the keychain.
type Fault string

// The faults. All but Locked, Cancelled and Truncating affect reads.
const (
	Locked        Fault = "locked"         // no prompt may appear
	Cancelled     Fault = "cancelled"      // the person cancelled the prompt
	NoKeychain    Fault = "no-keychain"    // there is no default keychain
	Hanging       Fault = "hanging"        // a prompt is not answered; writes hang too
	Slow          Fault = "slow"           // each call takes a while
	Truncating    Fault = "truncating"     // writes lose the end of the item
	TruncatedRead Fault = "truncated-read" // reads do
	EveryOther    Fault = "every-other"    // every second read fails
	Overlapping   Fault = "overlapping"    // a read fails while another runs
	Failing       Fault = "failing"        // reads fail without a known reason
)

// A Keychain is the keychain of a test.
type Keychain struct {
	dir  string
	seen int // calls that NewCalls returned
}

// Start makes a keychain until the end of the test. If the program is not in place the test ends as
// [parts.Need] decides.
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

// remove removes the keychain while programs may start: a call that was interrupted may have left
// one, and go-keyring leaves one for each item that is too large.
func remove(dir string) (err error) {
	for range 100 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
	}
	return err
}

// Need ends the test as [parts.Need] decides if the program is not in place.
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

// Fail sets the fault, instead of an earlier one.
func (k *Keychain) Fail(t testing.TB, fault Fault) {
	t.Helper()
	k.must(t, replaceFile(k.dir, faultFile, []byte(fault)))
}

// Heal removes the fault.
func (k *Keychain) Heal(t testing.TB) { k.Fail(t, "") }

// Lock locks the keychain.
func (k *Keychain) Lock(t testing.TB) { k.Fail(t, Locked) }

// Unlock undoes Lock.
func (k *Keychain) Unlock(t testing.TB) { k.Heal(t) }

// Stop makes every call hang until Continue.
func (k *Keychain) Stop(t testing.TB) { k.Fail(t, Hanging) }

// Continue undoes Stop.
func (k *Keychain) Continue(t testing.TB) { k.Heal(t) }

// Kill does nothing: macOS restarts its daemon at once.
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

// Add stores an item as go-keyring does.
func (k *Keychain) Add(t testing.TB, service, account, item string) {
	t.Helper()
	k.must(t, replaceFile(k.dir, nameOf(service, account), []byte(item)))
}

// NewCalls returns the commands since the last NewCalls, without services, accounts and passwords.
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

// Prompted reports whether a command was run that always prompts.
func (k *Keychain) Prompted() bool {
	content, err := os.ReadFile(k.path(callsFile))
	return err == nil && strings.Contains(string(content), "unlock-keychain")
}
