package keychain

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

// TestStore runs the conformance suite on Credential Manager.
func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) func() helper.Store {
		return func() helper.Store { return New() }
	})
}

// TestLargestItem checks that an item of the system's limit fits whatever its bytes, and that a
// larger one is not sent: the system might truncate it.
func TestLargestItem(t *testing.T) {
	s := newStore("codex-cred-test-" + rand.Text())
	item := make([]byte, 2561)
	_, _ = rand.Read(item)
	_, err := s.Put(t.Context(), testID, item, "")
	wantErr(t, err, helper.ErrTooLarge)
	_, _, err = s.Get(t.Context(), testID)
	wantErr(t, err, helper.ErrNotFound)
	v, err := s.Put(t.Context(), testID, item[:2560], "")
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := newStore(s.service).Get(t.Context(), testID); err != nil || !bytes.Equal(got, item[:2560]) {
		t.Errorf("Get = %d bytes, %v", len(got), err)
	}
	_, err = s.Put(t.Context(), testID, item, v)
	wantErr(t, err, helper.ErrTooLarge)
	if err := s.Delete(t.Context(), testID, v); err != nil {
		t.Fatal(err)
	}
}
