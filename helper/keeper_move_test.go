package helper_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
)

// twoStores returns a Keeper whose account "work" is signed in in the store "memory", and the store "other".
func twoStores(t *testing.T) (k helper.Keeper, from, to *faultyStore) {
	t.Helper()
	k, from = keeper(t)
	to = new(faultyStore)
	k.Records.Stores["other"] = to
	mustSignIn(t, k, "token")
	return k, from, to
}

func load(t *testing.T, k helper.Keeper) helper.Account {
	t.Helper()
	a, err := k.Records.Accounts.Load("work")
	if err != nil {
		t.Fatalf("load the account: %v", err)
	}
	return a
}

// deleteLeftovers deletes the leftovers, as the callers of a Keeper do.
func deleteLeftovers(t *testing.T, k helper.Keeper, a helper.Account) {
	t.Helper()
	for _, l := range a.Leftovers {
		if err := k.DeleteItem(t.Context(), l.Store, string(l.ID)); err != nil && !errors.Is(err, helper.ErrNotFound) {
			t.Fatal(err)
		}
		if _, err := k.Records.Accounts.Update(a.Name, helper.Forget(l.ID)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMigrate(t *testing.T) {
	k, from, to := twoStores(t)
	until := time.Unix(1_900_000_000, 0).UTC()
	before, err := k.Records.Accounts.Update("work", func(a *helper.Account) error {
		a.NotBefore, a.Unanswered, a.Generation = until, 3, 7
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := k.Migrate(t.Context(), load(t, k), "other")
	if err != nil {
		t.Fatal(err)
	}
	wantToken(t, k, "token")
	wantItems(t, to, 1)
	if a.ID == before.ID || a.Store != "other" {
		t.Errorf("the account has the id %s in %s", a.ID, a.Store)
	}
	// The state of the refresh token moves with it.
	if !a.NotBefore.Equal(until) || a.Unanswered != 3 || a.Generation != 7 || !a.Created.Equal(before.Created) {
		t.Errorf("the account became %+v", a)
	}
	if len(a.Leftovers) != 1 || a.Leftovers[0] != (helper.Leftover{ID: before.ID, Store: "memory"}) {
		t.Errorf("leftovers %+v, want the old item", a.Leftovers)
	}
	deleteLeftovers(t, k, a)
	wantItems(t, from, 0)
	if again, err := k.Migrate(t.Context(), load(t, k), "other"); err != nil || again.ID != a.ID {
		t.Errorf("a second Migrate: id %s, %v", again.ID, err)
	}
}

// setTokenState sets every field that describes the refresh token.
func setTokenState(a *helper.Account) error {
	a.NotBefore, a.Unanswered = time.Unix(1_900_000_000, 0).UTC(), 3
	a.Host = "fedcba9876543210fedcba9876543210"
	a.Rejections, a.RejectedAt, a.ClockTried = 2, time.Unix(1_800_000_001, 0).UTC(), 1
	return nil
}

// TestWhatIsKnownOfTheToken checks that the fields stay while the refresh token is the same.
func TestWhatIsKnownOfTheToken(t *testing.T) {
	k, _, _ := twoStores(t)
	want, err := k.Records.Accounts.Update("work", setTokenState)
	if err != nil {
		t.Fatal(err)
	}
	moved, err := k.Migrate(t.Context(), load(t, k), "other")
	if err != nil {
		t.Fatal(err)
	}
	want.Leftovers = []helper.Leftover{{ID: want.ID, Store: want.Store}}
	want.ID, want.Store, want.Host = moved.ID, "other", "" // the other store is tied to no machine
	if diff := cmp.Diff(want, moved); diff != "" {
		t.Errorf("Migrate (-want +got):\n%s", diff)
	}
	fresh, err := k.SignIn(t.Context(), "work", "memory", signInOf("new"))
	if err != nil {
		t.Fatal(err)
	}
	// Created is the time of the sign-in: it starts afresh too.
	begun := helper.Account{
		Name: "work", ID: fresh.ID, Store: "memory", Generation: 1, Leftovers: fresh.Leftovers,
		Began:   signInOf("new").RefreshToken.Digest(),
		Created: fresh.Created, Updated: fresh.Updated,
	}
	if diff := cmp.Diff(begun, fresh); diff != "" {
		t.Errorf("SignIn (-want +got):\n%s", diff)
	}
}

func TestMigrateFails(t *testing.T) {
	broken := errors.New("broken")
	for what, spoil := range map[string]func(to *faultyStore){
		"the other store takes nothing":       func(to *faultyStore) { to.put = func() error { return broken } },
		"the other store is too small":        func(to *faultyStore) { to.put = func() error { return helper.ErrTooLarge } },
		"the other store answers other bytes": func(to *faultyStore) { to.lie = true },
		"the other store stores nothing":      func(to *faultyStore) { to.drop = true },
	} {
		t.Run(what, func(t *testing.T) {
			k, from, to := twoStores(t)
			before := load(t, k)
			spoil(to)
			if _, err := k.Migrate(t.Context(), load(t, k), "other"); err == nil {
				t.Error("Migrate succeeded")
			}
			wantToken(t, k, "token")
			wantItems(t, from, 1)
			wantItems(t, to, 0)
			if a := load(t, k); a.ID != before.ID || a.Store != "memory" {
				t.Errorf("the account has the id %s in %s", a.ID, a.Store)
			}
		})
	}
}

func TestMigrateWithoutCredential(t *testing.T) {
	k, from, _ := twoStores(t)
	if _, err := k.Migrate(t.Context(), helper.Account{Name: "nobody"}, "other"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Migrate of no account: %v", err)
	}
	if _, err := k.Migrate(t.Context(), load(t, k), "nowhere"); !errors.Is(err, helper.ErrUnavailable) {
		t.Errorf("Migrate to no store: %v", err)
	}
	wantToken(t, k, "token")
	if err := k.DeleteItem(t.Context(), "memory", string(load(t, k).ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Migrate(t.Context(), load(t, k), "other"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Migrate of no credential: %v", err)
	}
	wantItems(t, from, 0)
}

// TestMigrateASignInThatMoved checks that an account that was signed in again while the caller waited is not moved.
func TestMigrateASignInThatMoved(t *testing.T) {
	k, _, to := twoStores(t)
	before := load(t, k)
	mustSignIn(t, k, "newer")
	if _, err := k.Migrate(t.Context(), before, "other"); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("Migrate: %v", err)
	}
	wantItems(t, to, 0)
	wantToken(t, k, "newer")
}

func TestMigrateAnErasedAccount(t *testing.T) {
	k, _, to := twoStores(t)
	to.put = func() error {
		_, err := k.Records.Accounts.Update("work", func(a *helper.Account) error {
			a.Erasing = true
			return nil
		})
		return err
	}
	if _, err := k.Migrate(t.Context(), load(t, k), "other"); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("Migrate of an account that is being erased: %v", err)
	}
	wantItems(t, to, 0)
}
