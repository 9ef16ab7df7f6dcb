package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/keychain"
)

// testKeychain is the keychain of a script environment.
type testKeychain = testkeyring.Keyring

// onBus reports whether the keychain is on a D-Bus, and accepts items of any size.
const onBus = true

func startKeychain(t *testing.T) *testKeychain { return testkeyring.Start(t) }

// leaveItem stores one of our items in the keychain.
func leaveItem(t *testing.T, k *testKeychain, name, content string) error {
	t.Helper()
	store := exec.CommandContext(t.Context(), "secret-tool", "store", "--label", "trial", "service", keychain.Service, "username", name)
	store.Env = append(os.Environ(), k.Env()...)
	store.Stdin = strings.NewReader(content)
	return store.Run()
}

func failKeychain(_ *testing.T, _ *testKeychain, fault string) error {
	return fmt.Errorf("keychains on a bus are never %q", fault)
}

// ran checks which commands used the keychain since the last check.
func (s *stage) ran(ts *testscript.TestScript, _ []string) {
	ts.Fatalf("no command is run for a keychain on a bus")
}
