//go:build !linux && !windows

package main

import (
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/testsecurity"
	"github.com/codex-cred/codex-cred/keychain"
)

// testKeychain is the keychain of a stage.
type testKeychain = testsecurity.Keychain

// onBus reports whether the keychain is on a bus, and takes items of any size.
const onBus = false

func startKeychain(t *testing.T) *testKeychain { return testsecurity.Start(t) }

// leaveItem puts an item of ours into the keychain.
func leaveItem(t *testing.T, k *testKeychain, name, content string) error {
	t.Helper()
	k.Add(t, keychain.Service, name, content)
	return nil
}

// failKeychain orders a fault, or ends it with the word "healed".
func failKeychain(t *testing.T, k *testKeychain, fault string) error {
	t.Helper()
	if fault == "healed" {
		fault = ""
	}
	k.Fail(t, testsecurity.Fault(fault))
	return nil
}

// ran wants the commands by which the keychain was used since it was last asked.
//
//	ran any|COMMAND...
func (s *stage) ran(ts *testscript.TestScript, args []string) {
	if got := s.keyring.NewCalls(s.t); args[0] != "any" && !slices.Equal(got, args) {
		ts.Fatalf("the keychain was used by %q, want %q", got, args)
	}
}
