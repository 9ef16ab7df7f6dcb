package keychain_test

import (
	"errors"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/keychain"
)

// TestNewForService uses items of another program, under a name that is not an item name.
func TestNewForService(t *testing.T) {
	testkeyring.Start(t).Setenv(t)
	const name = "accounts:global/ü"
	other, ours := keychain.NewForService("another-program"), keychain.New()
	v, err := other.Put(t.Context(), name, []byte("theirs"), "")
	if err != nil {
		t.Fatal(err)
	}
	if item, found, err := other.Get(t.Context(), name); err != nil || string(item) != "theirs" || found != v {
		t.Errorf("Get = %q, %q, %v", item, found, err)
	}
	if _, _, err := keychain.NewForService("a-third").Get(t.Context(), name); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("the item of another service: %v", err)
	}
	if _, _, err := ours.Get(t.Context(), name); !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("a name that ours never have: %v", err)
	}
	if err := other.Delete(t.Context(), name, v); err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Get(t.Context(), name); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("after Delete: %v", err)
	}
}
