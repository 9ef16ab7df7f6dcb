package keychain

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// onBothProviders runs the test with gnome-keyring and with KeePassXC, each holding an item of the
// content "item". items returns the names of all items.
func onBothProviders(t *testing.T, test func(t *testing.T, s *Store, name string, items func() []string)) {
	t.Helper()
	t.Run("gnome-keyring", func(t *testing.T) {
		k, s, name, _ := startKeyring(t)
		test(t, s, name, func() []string { return k.Items(t) })
	})
	t.Run("KeePassXC", func(t *testing.T) {
		retryAfterCrash(t, func(t *testing.T) {
			x, s, name, _ := startKeePassXC(t, testkeyring.Confirm{})
			test(t, s, name, func() []string { return x.Items(t) })
		})
	})
}

func service(t *testing.T, s *Store) secretService {
	t.Helper()
	service, ok := s.platform.(secretService)
	if !ok {
		t.Fatalf("the platform is %T", s.platform)
	}
	return service
}

// addDuplicate creates another item of the name.
func addDuplicate(t *testing.T, s *Store, name, content string) {
	t.Helper()
	err := service(t, s).change(t.Context(), name, func(b bus, set itemSet) error {
		return b.createItem(t.Context(), set, secret{Session: set.session, Value: []byte(content), ContentType: contentType})
	})
	if err != nil {
		t.Fatalf("create one more item: %v", err)
	}
}

func wantItems(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the items are %q, want %q", got, want)
	}
}

func wantContent(t *testing.T, s *Store, name, want string) {
	t.Helper()
	if item, _, err := s.Get(t.Context(), name); err != nil || string(item) != want {
		t.Errorf("Get = %q, %v; want %q", item, err, want)
	}
}

func TestDuplicates_Equal(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, items func() []string) {
		addDuplicate(t, s, name, "item")
		wantItems(t, items(), name, name)
		wantContent(t, s, name, "item")
		v, err := s.Put(t.Context(), name, []byte("other"), helper.Digest([]byte("item")))
		if err != nil {
			t.Fatal(err)
		}
		wantContent(t, s, name, "other")
		wantItems(t, items(), name)
		addDuplicate(t, s, name, "other")
		if err := s.Delete(t.Context(), name, v); err != nil {
			t.Fatal(err)
		}
		wantItems(t, items())
	})
}

// TestDuplicates_Different checks that neither item is returned or replaced, and that both can be
// erased.
func TestDuplicates_Different(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, items func() []string) {
		addDuplicate(t, s, name, "other")
		v := helper.Digest([]byte("item"))
		item, both, err := s.Get(t.Context(), name)
		wantErr(t, err, helper.ErrCorrupt, errDuplicates)
		if item != nil || both == "" {
			t.Errorf("Get = %q, %q", item, both)
		}
		_, err = s.Put(t.Context(), name, []byte("new"), v)
		wantErr(t, err, helper.ErrCorrupt)
		wantErr(t, s.Delete(t.Context(), name, v), helper.ErrCorrupt)
		wantItems(t, items(), name, name)
		addDuplicate(t, s, name, "third")
		wantErr(t, s.Delete(t.Context(), name, both), helper.ErrCorrupt)
		wantItems(t, items(), name, name, name)
		keeper := helper.Keeper{Records: helper.Records{Stores: helper.Router{"keychain": s}}}
		if err := keeper.DeleteItem(t.Context(), "keychain", name); err != nil {
			t.Error(err)
		}
		wantItems(t, items())
	})
}

func TestSet_MergesDuplicates(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, items func() []string) {
		addDuplicate(t, s, name, "other")
		addDuplicate(t, s, name, "third")
		if err := s.platform.set(t.Context(), name, []byte("new")); err != nil {
			t.Fatal(err)
		}
		wantContent(t, s, name, "new")
		wantItems(t, items(), name)
	})
}

// TestRacingCreates lets writers merge duplicates concurrently, in which KeePassXC crashes without
// acquireName.
func TestRacingCreates(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, items func() []string) {
		fresh := storetest.NewName(t)
		var n atomic.Int32
		failed := atOnce(8, func() error {
			return s.platform.set(t.Context(), fresh, fmt.Append(nil, n.Add(1)))
		})
		if len(failed) > 0 {
			t.Errorf("%d failed, the first one: %v", len(failed), failed[0])
		}
		wantItems(t, items(), name, fresh)
		if err := s.platform.delete(t.Context(), fresh); err != nil {
			t.Error(err)
		}
	})
}

// TestRacingDeletes checks that one succeeds and the others find nothing.
func TestRacingDeletes(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, items func() []string) {
		failed := atOnce(8, func() error { return s.platform.delete(t.Context(), name) })
		for _, err := range failed {
			wantErr(t, err, helper.ErrNotFound)
		}
		if len(failed) != 7 {
			t.Errorf("%d of 8 failed, want 7", len(failed))
		}
		wantItems(t, items())
	})
}

// TestCreate_WithoutNames checks concurrent creations on a bus that refuses names.
func TestCreate_WithoutNames(t *testing.T) {
	k, s, name, _ := startKeyring(t)
	fresh := storetest.NewName(t)
	err := service(t, s).change(t.Context(), fresh, func(b bus, set itemSet) error {
		var n atomic.Int32
		for _, err := range atOnce(8, func() error { return b.put(t.Context(), set, fmt.Append(nil, n.Add(1))) }) {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantItems(t, k.Items(t), name, fresh)
}

// TestCreatedSinceTheSearch checks that an item which another program created after the search is
// replaced.
func TestCreatedSinceTheSearch(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, items func() []string) {
		fresh := storetest.NewName(t)
		err := service(t, s).change(t.Context(), fresh, func(b bus, set itemSet) error {
			theirs := secret{Session: set.session, Value: []byte("theirs"), ContentType: contentType}
			if err := b.createItem(t.Context(), set, theirs); err != nil {
				t.Fatal(err)
			}
			return b.put(t.Context(), set, []byte("ours"))
		})
		if err != nil {
			t.Fatal(err)
		}
		wantContent(t, s, fresh, "ours")
		wantItems(t, items(), name, fresh)
	})
}
