//go:build linux

package keychain

import (
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// TestLockedAfterTheCheck locks the collection after the last check, so that only the answer to the
// write can report it.
func TestLockedAfterTheCheck(t *testing.T) {
	k, s, name, _ := startKeyring(t)
	err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
		if len(set.items) != 1 {
			t.Fatalf("found %q", set.items)
		}
		k.Lock(t)
		content := secret{Session: set.session, Value: []byte("other"), ContentType: contentType}
		for _, err := range []error{
			writeError(b.createItem(t.Context(), set, content)),
			writeError(b.setSecret(t.Context(), set.items[0], content)),
			writeError(b.deleteItem(t.Context(), set.collection, set.items[0])),
		} {
			wantErr(t, err, helper.ErrLocked)
			wantNotErr(t, err, helper.ErrUnknown)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if k.Prompted() {
		t.Error("a person was asked for the password")
	}
}

// TestWritesOutliveTheDaemon kills the daemon after it has answered a write.
func TestWritesOutliveTheDaemon(t *testing.T) {
	k, s, name, v := startKeyring(t)
	if _, err := s.Put(t.Context(), name, []byte("replaced"), v); err != nil {
		t.Fatal(err)
	}
	k.Kill()
	k.Unlock(t)
	if item, _, err := s.Get(t.Context(), name); err != nil || string(item) != "replaced" {
		t.Errorf("Get = %q, %v", item, err)
	}
}
