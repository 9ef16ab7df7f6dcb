//go:build !linux && !windows

package main

import (
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/testsecurity"
	"github.com/codex-cred/codex-cred/keychain"
)

// testKeychain is the keychain of a script environment.
type testKeychain = testsecurity.Keychain

// onBus reports whether the keychain is on a D-Bus, and accepts items of any size.
const onBus = false

func startKeychain(t *testing.T) *testKeychain { return testsecurity.Start(t) }

// leaveItem stores one of our items in the keychain.
func leaveItem(t *testing.T, k *testKeychain, name, content string) error {
	t.Helper()
	k.Add(t, keychain.Service, name, content)
	return nil
}

// failKeychain injects a fault, or removes it if the word is "healed".
func failKeychain(t *testing.T, k *testKeychain, fault string) error {
	t.Helper()
	if fault == "healed" {
		fault = ""
	}
	k.Fail(t, testsecurity.Fault(fault))
	return nil
}

// ran checks which commands used the keychain since the last check.
//
//	ran any|COMMAND...
func (s *stage) ran(ts *testscript.TestScript, args []string) {
	if got := s.keyring.NewCalls(s.t); args[0] != "any" && !slices.Equal(got, args) {
		ts.Fatalf("the keychain was used by %q, want %q", got, args)
	}
}
