package helper_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

// faultyStore is a Memory with hooks. An error of a hook is the store's error.
type faultyStore struct {
	storetest.Memory
	put, remove func() error
	lie         bool // answer less than was stored
	drop        bool // store nothing and say that it is done
	keep        bool // delete nothing and say that it is done
	deletes     int
}

func (s *faultyStore) Put(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (helper.Version, error) {
	if s.put != nil {
		if err := s.put(); err != nil {
			return "", err
		}
	}
	if s.drop {
		return helper.Digest(item), nil
	}
	return s.Memory.Put(ctx, name, item, expect)
}

func (s *faultyStore) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	item, v, err := s.Memory.Get(ctx, name)
	if s.lie && len(item) > 0 {
		item = item[1:]
	}
	return item, v, err
}

func (s *faultyStore) Delete(ctx context.Context, name string, expect helper.Version) error {
	s.deletes++
	if s.remove != nil {
		if err := s.remove(); err != nil {
			return err
		}
	}
	if s.keep {
		return nil
	}
	return s.Memory.Delete(ctx, name, expect)
}

// keeper returns a Keeper on real account files and locks, and its store.
func keeper(t *testing.T) (helper.Keeper, *faultyStore) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	s := new(faultyStore)
	return helper.Keeper{
		Records: helper.Records{
			Accounts: accountdir.New(root, func() time.Time { return time.Unix(1_800_000_000, 0) }),
			Stores:   helper.Router{"memory": s},
		},
		Locker: filelock.New(root),
		Random: rand.Reader,
	}, s
}

func signInOf(token string) helper.Credential {
	obtained := time.Unix(1_800_000_000, 0).UTC()
	return helper.Credential{
		AccessToken: helper.NewSecret(token), RefreshToken: helper.NewSecret("refresh " + token),
		ObtainedAt: obtained, Expiry: obtained.Add(time.Hour), Generation: 1,
		Issuer: helper.Issuer{TokenEndpoint: "https://auth.example.com/token"},
	}
}

func mustSignIn(t *testing.T, k helper.Keeper, token string) helper.Account {
	t.Helper()
	a, err := k.SignIn(t.Context(), "work", "memory", signInOf(token))
	if err != nil {
		t.Fatalf("SignIn: %v", err)
	}
	return a
}

// wantToken checks the account's access token; "" means no account.
func wantToken(t *testing.T, k helper.Keeper, token string) {
	t.Helper()
	rec, err := k.Records.Read(t.Context(), "work")
	if token == "" {
		if !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("the account is there: %v", err)
		}
		return
	}
	if err != nil || rec.Credential.AccessToken.Reveal() != token {
		t.Errorf("the account has another token than %q: %v", token, err)
	}
}

func wantItems(t *testing.T, s *faultyStore, want int) {
	t.Helper()
	if names, _ := s.List(t.Context()); len(names) != want {
		t.Errorf("the store has %d items, want %d", len(names), want)
	}
}

func TestKeeper_SignIn(t *testing.T) {
	k, s := keeper(t)
	first := mustSignIn(t, k, "first")
	if first.ID.Check() != nil || first.Store != "memory" || first.Generation != 1 || len(first.Leftovers) != 0 {
		t.Errorf("the account of a first sign-in is %+v", first)
	}
	wantToken(t, k, "first")

	// The old sign-in is used until the new one is stored.
	s.put = func() error { wantToken(t, k, "first"); return nil }
	second := mustSignIn(t, k, "second")
	wantToken(t, k, "second")
	if second.ID == first.ID || len(second.Leftovers) != 1 ||
		second.Leftovers[0] != (helper.Leftover{ID: first.ID, Store: "memory"}) {
		t.Errorf("the account after a replacement is %+v, the old id %s", second, first.ID)
	}
	wantItems(t, s, 2)
}

// TestKeeper_SignInFails checks that after any failure the account is unchanged and every item is listed.
func TestKeeper_SignInFails(t *testing.T) {
	locked := func() error { return helper.ErrLocked }
	for _, c := range []struct {
		name   string
		tamper func(*faultyStore)
		want   error
		listed bool // the new id stays listed, because its item may be there
	}{
		{"the store is full", func(s *faultyStore) { s.put = func() error { return helper.ErrFull } }, helper.ErrFull, false},
		{"the store answers other bytes", func(s *faultyStore) { s.lie = true }, helper.ErrCorrupt, false},
		{"the store loses the item", func(s *faultyStore) { s.drop = true }, helper.ErrCorrupt, false},
		{
			"nobody knows what happened",
			func(s *faultyStore) { s.put = func() error { return helper.ErrUnknown }; s.remove = locked }, helper.ErrUnknown,
			true,
		},
	} {
		t.Run(c.name+", first", func(t *testing.T) {
			k, s := keeper(t)
			c.tamper(s)
			_, err := k.SignIn(t.Context(), "work", "memory", signInOf("first"))
			wantIs(t, err, c.want)
			wantToken(t, k, "")
			wantItems(t, s, 0)
			if _, err := k.Records.Accounts.Load("work"); errors.Is(err, helper.ErrNotFound) == c.listed {
				t.Errorf("the account's file: %v, want it to be listed: %v", err, c.listed)
			}
		})
		t.Run(c.name+", replacement", func(t *testing.T) {
			k, s := keeper(t)
			before := mustSignIn(t, k, "first")
			c.tamper(s)
			_, err := k.SignIn(t.Context(), "work", "memory", signInOf("second"))
			wantIs(t, err, c.want)
			s.lie = false
			wantToken(t, k, "first")
			wantItems(t, s, 1)
			after, err := k.Records.Accounts.Load("work")
			if err != nil || after.ID != before.ID || (len(after.Leftovers) == 1) != c.listed {
				t.Errorf("the account is %+v, %v; it was %+v", after, err, before)
			}
		})
	}
}

// faultyAccounts is an Accounts whose next Update writes and then fails.
type faultyAccounts struct {
	helper.Accounts
	changes int // until then
}

func (u *faultyAccounts) Update(name string, change func(*helper.Account) error) (helper.Account, error) {
	a, err := u.Accounts.Update(name, change)
	if u.changes--; u.changes == 0 && err == nil {
		return helper.Account{}, helper.ErrUnknown
	}
	return a, err
}

// TestKeeper_AccountFileUnknown checks that a stored and listed sign-in is returned even if the update of the account's
// file failed, and that the replaced one is still listed.
func TestKeeper_AccountFileUnknown(t *testing.T) {
	k, s := keeper(t)
	before := mustSignIn(t, k, "first")
	k.Records.Accounts = &faultyAccounts{Accounts: k.Records.Accounts, changes: 2}
	after := mustSignIn(t, k, "second")
	wantToken(t, k, "second")
	wantItems(t, s, 2)
	if len(after.Leftovers) != 1 || after.Leftovers[0].ID != before.ID {
		t.Errorf("the leftovers are %+v, want the replaced sign-in", after.Leftovers)
	}
}

// TestKeeper_LateWrite checks that the ID of a write that may still happen stays listed.
func TestKeeper_LateWrite(t *testing.T) {
	k, s := keeper(t)
	s.put = func() error { return helper.ErrUnknown }
	_, err := k.SignIn(t.Context(), "work", "memory", signInOf("first"))
	wantIs(t, err, helper.ErrUnknown)
	if a, err := k.Records.Accounts.Load("work"); err != nil || a.ID.Check() != nil {
		t.Errorf("the account is %+v, %v; want the ID of the sign-in", a, err)
	}
	s.put = nil
	mustSignIn(t, k, "second")
	_, err = k.SignIn(t.Context(), "work", "memory", signInOf("third"))
	wantIs(t, err, nil)
	s.put = func() error { return helper.ErrUnknown }
	before, _ := k.Records.Accounts.Load("work")
	_, err = k.SignIn(t.Context(), "work", "memory", signInOf("fourth"))
	wantIs(t, err, helper.ErrUnknown)
	if a, err := k.Records.Accounts.Load("work"); err != nil || a.ID != before.ID ||
		len(a.Leftovers) != len(before.Leftovers)+1 {
		t.Errorf("the account is %+v, %v; it was %+v", a, err, before)
	}
}

func TestKeeper_ErasedMeanwhile(t *testing.T) {
	k, s := keeper(t)
	mustSignIn(t, k, "first")
	s.put = func() error {
		_, err := k.Records.Accounts.Update("work", func(a *helper.Account) error { a.Erasing = true; return nil })
		return err
	}
	_, err := k.SignIn(t.Context(), "work", "memory", signInOf("second"))
	wantIs(t, err, helper.ErrConflict)
	wantItems(t, s, 1)
	s.put = func() error { t.Error("an item was stored for an account that is being erased"); return nil }
	_, err = k.SignIn(t.Context(), "work", "memory", signInOf("third"))
	wantIs(t, err, helper.ErrConflict)
	wantItems(t, s, 1)
}

func TestKeeper_DeleteItem(t *testing.T) {
	k, s := keeper(t)
	name := string(mustSignIn(t, k, "first").ID)

	conflicts := 2
	s.remove = func() error {
		if conflicts--; conflicts >= 0 {
			return helper.ErrConflict
		}
		return nil
	}
	if err := k.DeleteItem(t.Context(), "memory", name); err != nil {
		t.Errorf("DeleteItem after two conflicts: %v", err)
	}
	wantItems(t, s, 0)

	// An absent item is deleted too: the store may hold what a killed Put left.
	s.deletes = 0
	wantIs(t, k.DeleteItem(t.Context(), "memory", name), helper.ErrNotFound)
	if s.deletes != 1 {
		t.Errorf("the store was asked %d times to delete an absent item, want once", s.deletes)
	}
	wantIs(t, k.DeleteItem(t.Context(), "elsewhere", name), helper.ErrUnavailable)

	name = string(mustSignIn(t, k, "second").ID)
	s.remove = func() error { return helper.ErrConflict }
	wantIs(t, k.DeleteItem(t.Context(), "memory", name), helper.ErrConflict)
	s.remove, s.keep = nil, true
	wantIs(t, k.DeleteItem(t.Context(), "memory", name), helper.ErrConflict)
	s.remove = func() error { return helper.ErrLocked }
	wantIs(t, k.DeleteItem(t.Context(), "memory", name), helper.ErrLocked)
	wantItems(t, s, 1)
}

func wantIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}
