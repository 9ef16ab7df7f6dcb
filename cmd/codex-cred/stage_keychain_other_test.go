//go:build !linux

package main

import (
	"testing"

	"github.com/codex-cred/codex-cred/internal/testsecurity"
	"github.com/codex-cred/codex-cred/keychain"
)

// testKeychain is the keychain of a stage.
type testKeychain = testsecurity.Keychain

func startKeychain(t *testing.T) *testKeychain { return testsecurity.Start(t) }

// leaveItem puts an item of ours into the keychain.
func leaveItem(t *testing.T, k *testKeychain, name, content string) error {
	t.Helper()
	k.Add(t, keychain.Service, name, content)
	return nil
}
