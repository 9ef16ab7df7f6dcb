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

// together runs scripts in parallel if they do not use the keychain. A user has only one Credential
// Manager.
func together(t *testing.T, store string) {
	if store != home.StoreKeychain {
		t.Parallel()
	}
}

// testKeychain is the keychain of a script environment: Credential Manager, which always exists and
// is never locked.
type testKeychain struct{}

// onBus reports whether the keychain is on a D-Bus, and accepts items of any size.
const onBus = false

// startKeychain requires that Credential Manager has none of our items. The test would mistake the
// user's items for its own, and erase them.
func startKeychain(t *testing.T) *testKeychain {
	k := &testKeychain{}
	if items := k.Items(t); len(items) > 0 {
		t.Fatalf("Credential Manager has %d items of codex-cred; these tests are for a user who has none", len(items))
	}
	t.Cleanup(func() { // items of a failed script
		for _, name := range k.Items(t) {
			must(t, wincred.NewGenericCredential(ourItem+name).Delete())
		}
	})
	return k
}

// Env returns nothing, because no variable selects a Credential Manager.
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

// ourItem is the prefix of the names of our items.
const ourItem = keychain.Service + ":"

// Prompted reports false: Credential Manager never prompts.
func (*testKeychain) Prompted() bool { return false }

// Operations that Credential Manager does not support.

func (*testKeychain) Lock(t *testing.T)     { noFault(t, "locked") }
func (*testKeychain) Unlock(t *testing.T)   { noFault(t, "unlocked") }
func (*testKeychain) Stop(t *testing.T)     { noFault(t, "stopped") }
func (*testKeychain) Continue(t *testing.T) { noFault(t, "continued") }
func (*testKeychain) Kill()                 {}

func noFault(t *testing.T, fault string) {
	t.Helper()
	t.Error(failKeychain(t, nil, fault))
}

// leaveItem stores one of our items in the keychain.
func leaveItem(_ *testing.T, _ *testKeychain, name, content string) error {
	item := wincred.NewGenericCredential(ourItem + name)
	item.UserName, item.CredentialBlob = name, []byte(content)
	return item.Write()
}

func failKeychain(_ *testing.T, _ *testKeychain, fault string) error {
	return fmt.Errorf("Credential Manager is never %q", fault)
}

// ran checks which commands used the keychain since the last check.
func (s *stage) ran(ts *testscript.TestScript, _ []string) {
	ts.Fatalf("no command is run for Credential Manager")
}
