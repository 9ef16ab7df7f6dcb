package helper_test

import (
	"errors"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// TestKeeper_Copy checks that the account is shared from before the item exists until it is claimed.
func TestKeeper_Copy(t *testing.T) {
	k, s := keeper(t)
	s.put = func() error {
		if a := load(t, k); a.Shared != "codex" {
			t.Errorf("while its item is stored the account is %+v", a)
		}
		return nil
	}
	a, err := k.Copy(t.Context(), "work", "memory", "codex", signInOf("token"))
	if err != nil || a.Shared != "codex" {
		t.Fatalf("Copy = %+v, %v", a, err)
	}
	rec, err := k.Records.Read(t.Context(), "work")
	if err != nil || !errors.Is(rec.Refreshable(), helper.ErrShared) {
		t.Errorf("the record is %+v, %v", rec.Account, err)
	}
	for _, source := range []string{"opencode", ""} {
		if a, err = k.Share(a, source); err != nil || a.Shared != source || load(t, k).Shared != source {
			t.Errorf("Share = %+v, %v", a, err)
		}
	}
}

// TestKeeper_CopyFails checks that the previous account is not shared.
func TestKeeper_CopyFails(t *testing.T) {
	k, s := keeper(t)
	mustSignIn(t, k, "first")
	s.put = func() error { return helper.ErrFull }
	if _, err := k.Copy(t.Context(), "work", "memory", "codex", signInOf("second")); !errors.Is(err, helper.ErrFull) {
		t.Errorf("Copy: %v", err)
	}
	if a := load(t, k); a.Shared != "" {
		t.Errorf("the account is %+v", a)
	}
	wantToken(t, k, "first")
}

// TestKeeper_ShareEnds checks that a move to another store keeps Shared, that a sign-in clears it, and that a replaced
// sign-in cannot be claimed.
func TestKeeper_ShareEnds(t *testing.T) {
	k, _ := keeper(t)
	k.Records.Stores["other"] = new(faultyStore)
	copied, err := k.Copy(t.Context(), "work", "memory", "codex", signInOf("token"))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := k.Migrate(t.Context(), copied, "other"); err != nil || a.Shared != "codex" {
		t.Errorf("Migrate = %+v, %v", a, err)
	}
	if _, err := k.Share(copied, ""); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("Share of what was moved: %v", err)
	}
	if a := mustSignIn(t, k, "new"); a.Shared != "" {
		t.Errorf("SignIn = %+v", a)
	}
}
