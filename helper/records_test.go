package helper_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

const (
	firstID  = helper.ID("11111111111111111111111111111111")
	secondID = helper.ID("22222222222222222222222222222222")
)

// fakeAccounts holds accounts that a test writes directly. Only Load may be called.
type fakeAccounts struct {
	helper.Accounts
	accounts map[string]helper.Account
	loads    int
}

func (b *fakeAccounts) Load(name string) (helper.Account, error) {
	b.loads++
	a, ok := b.accounts[name]
	if !ok {
		return helper.Account{}, fmt.Errorf("account %w", helper.ErrNotFound)
	}
	return a, nil
}

// limitedStore is a Memory that holds items of at most limit bytes.
type limitedStore struct {
	storetest.Memory
	limit int
	puts  int
}

func (s *limitedStore) Put(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (helper.Version, error) {
	s.puts++
	if len(item) > s.limit {
		return "", fmt.Errorf("%d bytes are %w", len(item), helper.ErrTooLarge)
	}
	return s.Memory.Put(ctx, name, item, expect)
}

// corruptingStore is a Memory that returns other bytes than it was given.
type corruptingStore struct {
	storetest.Memory
	mangle func([]byte) []byte
}

func (s *corruptingStore) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	item, v, err := s.Memory.Get(ctx, name)
	if err != nil {
		return nil, "", err
	}
	return s.mangle(item), v, nil
}

// failingStore is a Memory whose reads or writes fail.
type failingStore struct {
	storetest.Memory
	get, put error
}

func (s *failingStore) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if s.get != nil {
		return nil, "", s.get
	}
	return s.Memory.Get(ctx, name)
}

func (s *failingStore) Put(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (helper.Version, error) {
	if s.put != nil {
		return "", s.put
	}
	return s.Memory.Put(ctx, name, item, expect)
}

// unusedStore fails the test when it is called.
type unusedStore struct{ t *testing.T }

func (s unusedStore) Get(context.Context, string) ([]byte, helper.Version, error) {
	s.t.Error("Get of a store that the account does not name")
	return nil, "", helper.ErrNotFound
}

func (s unusedStore) Put(context.Context, string, []byte, helper.Version) (helper.Version, error) {
	s.t.Error("Put to a store that the account does not name")
	return "", helper.ErrUnavailable
}

func (s unusedStore) Delete(context.Context, string, helper.Version) error {
	s.t.Error("Delete of a store that the account does not name")
	return helper.ErrUnavailable
}

// hookedStore is a Memory that calls beforeGet once, before the first Get.
type hookedStore struct {
	storetest.Memory
	beforeGet func()
}

func (s *hookedStore) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if hook := s.beforeGet; hook != nil {
		s.beforeGet = nil
		hook()
	}
	return s.Memory.Get(ctx, name)
}

// newRecords returns records of the account "work" in the store "file", and another store that must not be used.
func newRecords(t *testing.T, s helper.Store) (helper.Records, *fakeAccounts) {
	t.Helper()
	b := &fakeAccounts{accounts: map[string]helper.Account{
		"work": {Name: "work", ID: firstID, Store: "file", Generation: 5},
	}}
	return helper.Records{Accounts: b, Stores: helper.Router{"file": s, "keychain": unusedStore{t}}}, b
}

// fill puts the credential directly into the store.
func fill(t *testing.T, s helper.Store, id helper.ID, c helper.Credential) helper.Version {
	t.Helper()
	v, err := s.Put(t.Context(), string(id), mustEncode(t, helper.Encode, c), "")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRecords_Read(t *testing.T) {
	s := new(storetest.Memory)
	r, b := newRecords(t, s)
	v := fill(t, s, firstID, sample())
	rec, err := r.Read(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, rec.Credential, sample())
	if rec.Version != v || rec.Account.ID != firstID || rec.Account.Name != "work" || b.loads != 1 {
		t.Errorf("record %+v of version %q after %d loads", rec.Account, rec.Version, b.loads)
	}
}

// TestRecords_ReadAbsent lists all that is absent, and what it costs to know.
func TestRecords_ReadAbsent(t *testing.T) {
	for _, c := range []struct {
		name    string
		account helper.Account
		ask     string
		loads   int
	}{
		{"no such account", helper.Account{}, "other", 1},
		{"no sign-in", helper.Account{Store: "file"}, "work", 1},
		{"being erased", helper.Account{ID: firstID, Store: "file", Erasing: true}, "work", 1},
		{"item is gone", helper.Account{ID: secondID, Store: "file"}, "work", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := new(storetest.Memory)
			r, b := newRecords(t, s)
			fill(t, s, firstID, sample())
			b.accounts["work"] = c.account
			rec, err := r.Read(t.Context(), c.ask)
			if !errors.Is(err, helper.ErrNotFound) || rec.Account.ID != "" || !rec.Credential.AccessToken.IsZero() {
				t.Errorf("Read = %+v, %v; want nothing and ErrNotFound", rec, err)
			}
			if b.loads != c.loads {
				t.Errorf("the account was read %d times, want %d", b.loads, c.loads)
			}
		})
	}
}

// TestRecords_ReadFollows checks what a reader finds whose item is deleted between its read of the account and its read
// of the item.
func TestRecords_ReadFollows(t *testing.T) {
	for _, c := range []struct {
		name    string
		account helper.Account // after the change; no ID removes it
		want    error
	}{
		{"replaced in the store", helper.Account{ID: secondID, Store: "file"}, nil},
		{"replaced in another store", helper.Account{ID: secondID, Store: "vault"}, nil},
		{"moved to another store", helper.Account{ID: firstID, Store: "vault"}, nil},
		{"replaced in an unknown store", helper.Account{ID: secondID, Store: "elsewhere"}, helper.ErrUnavailable},
		{
			"replaced and gone again",
			helper.Account{ID: "33333333333333333333333333333333", Store: "file"},
			helper.ErrNotFound,
		},
		{"erased", helper.Account{}, helper.ErrNotFound},
		{"erase has begun", helper.Account{ID: secondID, Store: "file", Erasing: true}, helper.ErrNotFound},
		{"deleted, still named", helper.Account{ID: firstID, Store: "file"}, helper.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, vault := new(hookedStore), new(storetest.Memory)
			r, b := newRecords(t, s)
			r.Stores["vault"] = vault
			v := fill(t, s, firstID, credentialWithLife(0))
			s.beforeGet = func() {
				fill(t, s, secondID, sample())
				fill(t, vault, secondID, sample())
				fill(t, vault, firstID, sample())
				b.accounts["work"] = c.account
				if c.account.ID == "" {
					delete(b.accounts, "work")
				}
				if err := s.Delete(t.Context(), string(firstID), v); err != nil {
					t.Error(err)
				}
			}
			rec, err := r.Read(t.Context(), "work")
			if !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if c.want == nil {
				wantSame(t, rec.Credential, sample())
			}
		})
	}
}

func TestRecords_UnknownStore(t *testing.T) {
	r, b := newRecords(t, unusedStore{t})
	a := helper.Account{Name: "work", ID: firstID, Store: "elsewhere"}
	b.accounts["work"] = a
	_, err := r.Read(t.Context(), "work")
	wantOnly(t, err, helper.ErrUnavailable)
	_, err = r.Write(t.Context(), a, sample(), "")
	wantOnly(t, err, helper.ErrUnavailable)
}

func TestRecords_ReadCorrupt(t *testing.T) {
	s := &corruptingStore{mangle: func(item []byte) []byte { return item[:len(item)-1] }}
	r, b := newRecords(t, s)
	fill(t, s, firstID, sample())
	_, err := r.Read(t.Context(), "work")
	wantOnly(t, err, helper.ErrCorrupt)
	if b.loads != 1 {
		t.Errorf("the account was read %d times: only absence is a reason to read it again", b.loads)
	}
}

// storeErrors are what a store can answer, except that the item is absent.
func storeErrors() []error {
	return []error{
		helper.ErrLocked, helper.ErrUnavailable, helper.ErrCorrupt, helper.ErrTimeout, helper.ErrFull,
		&helper.UnsafeError{Path: "/x", Problem: "is a symbolic link"}, helper.ErrConflict, helper.ErrUnknown,
		helper.ErrBusy, helper.ErrInvalid, context.Canceled, context.DeadlineExceeded, errors.New("any other"),
	}
}

// TestRecords_ErrorsPass checks that each error of the store reaches the caller as itself and never as ErrNotFound.
func TestRecords_ErrorsPass(t *testing.T) {
	for _, cause := range storeErrors() {
		t.Run(cause.Error(), func(t *testing.T) {
			s := new(failingStore)
			r, b := newRecords(t, s)
			v := fill(t, s, firstID, sample())
			s.get = fmt.Errorf("get: %w", cause)
			_, err := r.Read(t.Context(), "work")
			wantOnly(t, err, cause)
			_, err = r.Write(t.Context(), b.accounts["work"], sample(), v)
			wantOnly(t, err, cause) // the read-back
			s.put = cause
			_, err = r.Write(t.Context(), b.accounts["work"], sample(), v)
			wantOnly(t, err, cause)
		})
	}
}

// wantOnly checks that the error is want, and says absent only if want does.
func wantOnly(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if errors.Is(err, helper.ErrNotFound) && !errors.Is(want, helper.ErrNotFound) {
		t.Errorf("error %v says absent", err)
	}
}
