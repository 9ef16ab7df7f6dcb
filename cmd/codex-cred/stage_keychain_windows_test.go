package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/danieljoos/wincred"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/keychain"
)

// together lets those scripts run at once that have a store of their own: there is
// one Credential Manager for a user.
func together(t *testing.T, store string) {
	if store != home.StoreKeychain {
		t.Parallel()
	}
}

// testKeychain is the keychain of a stage: Credential Manager, which is always there
// and never locked.
type testKeychain struct{}

// onBus reports whether the keychain is on a bus, and takes items of any size.
const onBus = false

// startKeychain wants Credential Manager to have none of our items: a person's
// would be taken for the test's, and erased.
func startKeychain(t *testing.T) *testKeychain {
	k := &testKeychain{}
	if items := k.Items(t); len(items) > 0 {
		t.Fatalf("Credential Manager has %d items of codex-cred; these tests are for a user who has none", len(items))
	}
	t.Cleanup(func() { // what a script that failed left
		for _, name := range k.Items(t) {
			must(t, wincred.NewGenericCredential(ourItem+name).Delete())
		}
	})
	return k
}

// Env returns nothing: no variable leads to Credential Manager.
func (*testKeychain) Env() []string { return nil }

// Items returns the names of our items in Credential Manager.
func (*testKeychain) Items(t *testing.T) []string {
	t.Helper()
	list, err := wincred.FilteredList(ourItem + "*")
	if err != nil && !errors.Is(err, wincred.ErrElementNotFound) {
		t.Fatalf("list the items of Credential Manager: %v", err)
	}
	names := make([]string, len(list))
	for i, item := range list {
		names[i] = strings.TrimPrefix(item.TargetName, ourItem)
	}
	return names
}

// ourItem is how the names of our items begin.
const ourItem = keychain.Service + ":"

// Prompted reports whether a person was asked: Credential Manager asks nobody.
func (*testKeychain) Prompted() bool { return false }

// What cannot be done to Credential Manager.

func (*testKeychain) Lock(t *testing.T)     { noFault(t, "locked") }
func (*testKeychain) Unlock(t *testing.T)   { noFault(t, "unlocked") }
func (*testKeychain) Stop(t *testing.T)     { noFault(t, "stopped") }
func (*testKeychain) Continue(t *testing.T) { noFault(t, "continued") }
func (*testKeychain) Kill()                 {}

func noFault(t *testing.T, fault string) {
	t.Helper()
	t.Error(failKeychain(t, nil, fault))
}

// leaveItem puts an item of ours into the keychain.
func leaveItem(_ *testing.T, _ *testKeychain, name, content string) error {
	item := wincred.NewGenericCredential(ourItem + name)
	item.UserName, item.CredentialBlob = name, []byte(content)
	return item.Write()
}

func failKeychain(_ *testing.T, _ *testKeychain, fault string) error {
	return fmt.Errorf("Credential Manager is never %q", fault)
}

// ran wants the commands by which the keychain was used since it was last asked.
func (s *stage) ran(ts *testscript.TestScript, _ []string) {
	ts.Fatalf("no command is run for Credential Manager")
}
