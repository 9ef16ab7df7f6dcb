package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/testkeyring"
	"github.com/codex-cred/codex-cred/keychain"
)

// testKeychain is the keychain of a stage.
type testKeychain = testkeyring.Keyring

func startKeychain(t *testing.T) *testKeychain { return testkeyring.Start(t) }

// leaveItem puts an item of ours into the keychain.
func leaveItem(t *testing.T, k *testKeychain, name, content string) error {
	t.Helper()
	store := exec.CommandContext(t.Context(), "secret-tool", "store", "--label", "trial", "service", keychain.Service, "username", name)
	store.Env = append(os.Environ(), k.Env()...)
	store.Stdin = strings.NewReader(content)
	return store.Run()
}
