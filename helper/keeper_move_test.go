package helper_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/accountdir"
)

// twoStores returns a Keeper whose account "work" is signed in in the store
// "memory", and the store "other".
func twoStores(t *testing.T) (k helper.Keeper, from, to *tampered) {
	t.Helper()
	k, from = keeper(t)
	to = new(tampered)
	k.Records.Stores["other"] = to
	mustSignIn(t, k, "token")
	return k, from, to
}

func load(t *testing.T, k helper.Keeper, name string) helper.Account {
	t.Helper()
	a, err := k.Records.Accounts.Load(name)
	if err != nil {
		t.Fatalf("load %s: %v", name, err)
	}
	return a
}

// sweep deletes the leftovers, as the callers of a Keeper do.
func sweep(t *testing.T, k helper.Keeper, a helper.Account) {
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
	a, err := k.Migrate(t.Context(), "work", "other")
	if err != nil {
		t.Fatal(err)
	}
	wantToken(t, k, "token")
	wantItems(t, to, 1)
	if a.ID == before.ID || a.Store != "other" {
		t.Errorf("the account has the id %s in %s", a.ID, a.Store)
	}
	// What is known of the refresh token moves with it.
	if !a.NotBefore.Equal(until) || a.Unanswered != 3 || a.Generation != 7 || !a.Created.Equal(before.Created) {
		t.Errorf("the account became %+v", a)
	}
	if len(a.Leftovers) != 1 || a.Leftovers[0] != (helper.Leftover{ID: before.ID, Store: "memory"}) {
		t.Errorf("leftovers %+v, want the old item", a.Leftovers)
	}
	sweep(t, k, a)
	wantItems(t, from, 0)
	if again, err := k.Migrate(t.Context(), "work", "other"); err != nil || again.ID != a.ID {
		t.Errorf("a second Migrate: id %s, %v", again.ID, err)
	}
}

func TestMigrateFails(t *testing.T) {
	broken := errors.New("broken")
	for what, spoil := range map[string]func(to *tampered){
		"the other store takes nothing":       func(to *tampered) { to.put = func() error { return broken } },
		"the other store is too small":        func(to *tampered) { to.put = func() error { return helper.ErrTooLarge } },
		"the other store answers other bytes": func(to *tampered) { to.lie = true },
		"the other store stores nothing":      func(to *tampered) { to.drop = true },
	} {
		t.Run(what, func(t *testing.T) {
			k, from, to := twoStores(t)
			before := load(t, k, "work")
			spoil(to)
			if _, err := k.Migrate(t.Context(), "work", "other"); err == nil {
				t.Error("Migrate succeeded")
			}
			wantToken(t, k, "token")
			wantItems(t, from, 1)
			wantItems(t, to, 0)
			if a := load(t, k, "work"); a.ID != before.ID || a.Store != "memory" {
				t.Errorf("the account has the id %s in %s", a.ID, a.Store)
			}
		})
	}
}

func TestMigrateWithoutCredential(t *testing.T) {
	k, from, _ := twoStores(t)
	if _, err := k.Migrate(t.Context(), "nobody", "other"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Migrate of no account: %v", err)
	}
	if _, err := k.Migrate(t.Context(), "work", "nowhere"); !errors.Is(err, helper.ErrUnavailable) {
		t.Errorf("Migrate to no store: %v", err)
	}
	wantToken(t, k, "token")
	if err := k.DeleteItem(t.Context(), "memory", string(load(t, k, "work").ID)); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Migrate(t.Context(), "work", "other"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Migrate of no credential: %v", err)
	}
	wantItems(t, from, 0)
}

// A refresh that is under way is waited for: what it stores is what moves.
func TestMigrateWaitsForARefresh(t *testing.T) {
	k, _, _ := twoStores(t)
	rec, err := k.Records.Read(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := k.Locker.Lock(t.Context(), string(rec.Account.ID))
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Migrate(gone, "work", "other"); !errors.Is(err, helper.ErrBusy) {
		t.Errorf("Migrate during a refresh: %v", err)
	}
	moved := make(chan error, 1)
	go func() {
		_, err := k.Migrate(t.Context(), "work", "other")
		moved <- err
	}()
	renewed := signInOf("newer")
	renewed.Generation = 2
	if _, err := k.Records.Write(t.Context(), rec.Account, renewed, rec.Version); err != nil {
		t.Fatal(err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-moved; err != nil {
		t.Fatal(err)
	}
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
	if _, err := k.Migrate(t.Context(), "work", "other"); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("Migrate of an account that is being erased: %v", err)
	}
	wantItems(t, to, 0)
}

func nothing() error { return nil }

func TestRename(t *testing.T) {
	k, _, _ := twoStores(t)
	before := load(t, k, "work")
	both := 0
	err := k.Rename(t.Context(), "work", "play", func() error {
		for _, name := range []string{"work", "play"} {
			if rec, err := k.Records.Read(t.Context(), name); err == nil && rec.Credential.AccessToken.Reveal() == "token" {
				both++
			}
		}
		return nil
	})
	if err != nil || both != 2 {
		t.Fatalf("%d names worked between, want 2; %v", both, err)
	}
	if _, err := k.Records.Read(t.Context(), "work"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("the old name is there: %v", err)
	}
	after := load(t, k, "play")
	if after.ID != before.ID || after.Generation != before.Generation || !after.Created.Equal(before.Created) {
		t.Errorf("%+v became %+v", before, after)
	}
}

func TestRenameIsRefused(t *testing.T) {
	k, _, _ := twoStores(t)
	if _, err := k.SignIn(t.Context(), "play", "memory", signInOf("other")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, from, to string
		want           error
	}{
		{"no such account", "nobody", "somebody", helper.ErrNotFound},
		{"the name is taken", "work", "play", helper.ErrInvalid},
		{"the name is the same", "work", "work", helper.ErrInvalid},
		{"the name is none", "work", "../work", helper.ErrInvalid},
	} {
		if err := k.Rename(t.Context(), c.from, c.to, nothing); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	wantToken(t, k, "token")
	if rec, err := k.Records.Read(t.Context(), "play"); err != nil || rec.Credential.AccessToken.Reveal() != "other" {
		t.Errorf("the other account: %v", err)
	}
}

// TestRenameIsCompleted: of a killed Rename both names are left. The one that
// was used since knows more.
func TestRenameIsCompleted(t *testing.T) {
	for _, used := range []string{"work", "play"} {
		k, _ := keeper(t)
		hour := 0
		k.Records.Accounts = accountdir.New(filepath.Join(t.TempDir(), "root"), func() time.Time {
			hour++
			return time.Unix(1_800_000_000, 0).Add(time.Duration(hour) * time.Hour)
		})
		mustSignIn(t, k, "token")
		killed := errors.New("killed")
		if err := k.Rename(t.Context(), "work", "play", func() error { return killed }); !errors.Is(err, killed) {
			t.Fatal(err)
		}
		if _, err := k.Records.Accounts.Update(used, func(a *helper.Account) error { a.Generation = 9; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := k.Rename(t.Context(), "work", "play", nothing); err != nil {
			t.Fatal(err)
		}
		if a := load(t, k, "play"); a.Generation != 9 {
			t.Errorf("after a refresh by the name %s the generation is %d, want 9", used, a.Generation)
		}
		if _, err := k.Records.Accounts.Load("work"); !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("the old name is there: %v", err)
		}
	}
}
