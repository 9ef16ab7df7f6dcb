package keychain_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/keychain"
)

// TestList lists beside items of other programs and under other names, and in a locked keychain.
func TestList(t *testing.T) {
	k := testkeyring.Start(t)
	k.Setenv(t)
	s, name := keychain.New(), storetest.NewName(t)
	wantList := func(want ...string) {
		t.Helper()
		got, err := s.List(t.Context())
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("List: %v, (-want +got):\n%s", err, diff)
		}
	}
	wantList()
	for _, user := range []string{name, name + "/journal", "no name of ours"} {
		tool := exec.CommandContext(t.Context(), "secret-tool", "store", "--label", "x",
			"service", keychain.Service, "username", user)
		tool.Stdin = strings.NewReader("item")
		if out, err := tool.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if _, err := keychain.NewForService("another-program").Put(t.Context(), name, []byte("theirs"), ""); err != nil {
		t.Fatal(err)
	}
	wantList(name, name+"/journal")
	k.Lock(t)
	if names, err := s.List(t.Context()); !errors.Is(err, helper.ErrLocked) {
		t.Errorf("of a locked keychain: %q, %v", names, err)
	}
	if k.Prompted() {
		t.Error("a person was asked for the password")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if names, err := s.List(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %q, %v", names, err)
	}
}
