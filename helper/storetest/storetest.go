// Package storetest contains the conformance tests of [helper.Store], and [Memory], the reference implementation.
//
// A store's test calls [Run] with a function that makes a new, empty place and returns how to open it:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func() helper.Store {
//			dir := t.TempDir()
//			return func() helper.Store { return fallbackfile.New(dir) }
//		})
//	}
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func() helper.Store {
//			dir := t.TempDir()
//			return func() helper.Store { return fallbackfile.New(dir) }
//		})
//	}
package storetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// A Place makes a new place for items and returns how to open it. Each call of open simulates another process: it sees
// the items that earlier handles stored.
type Place func(t *testing.T) (open func() helper.Store)

// Run checks every clause of the contract. The items' names are random IDs, so the place may contain other items.
func Run(t *testing.T, place Place) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, open func() helper.Store)
	}{
		{"GetAbsent", getAbsent},
		{"GetBadName", badName},
		{"PutThenGet", putThenGet},
		{"PutSizes", putSizes},
		{"PutBinary", putBinary},
		{"PutReplaces", putReplaces},
		{"PutExpectsAbsent", putExpectsAbsent},
		{"PutExpectsVersion", putExpectsVersion},
		{"PutCancelled", putCancelled},
		{"DeletePresent", deletePresent},
		{"DeleteAbsent", deleteAbsent},
		{"DeleteExpectsVersion", deleteExpectsVersion},
		{"NamesAreApart", namesAreApart},
		{"ItemsAreCopies", itemsAreCopies},
		{"NextProcessSees", nextProcessSees},
		{"ManyAtOnce", manyAtOnce},
		{"List", list},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, place(t)) })
	}
}

// NewName returns a random item name.
func NewName(t *testing.T) string {
	t.Helper()
	id, err := helper.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

func getAbsent(t *testing.T, open func() helper.Store) {
	item, v, err := open().Get(t.Context(), NewName(t))
	wantErr(t, err, helper.ErrNotFound)
	if item != nil || v != "" {
		t.Errorf("Get of an absent item = %q, version %q; want nothing", item, v)
	}
}

func badName(t *testing.T, open func() helper.Store) {
	s := open()
	for _, name := range []string{
		"", "work", "../../etc/passwd", NewName(t) + "/../x", NewName(t) + "\n", NewName(t) + "/",
	} {
		_, _, err := s.Get(t.Context(), name)
		wantErr(t, err, helper.ErrInvalid)
		_, err = s.Put(t.Context(), name, []byte("x"), "")
		wantErr(t, err, helper.ErrInvalid)
		wantErr(t, s.Delete(t.Context(), name, "x"), helper.ErrInvalid)
	}
}

func putThenGet(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	v := mustPut(t, s, name, []byte("item"), "")
	item, got := mustGet(t, s, name)
	if string(item) != "item" || got != v || v == "" {
		t.Errorf("Get = %q, version %q; want %q, version %q", item, got, "item", v)
	}
}

func putSizes(t *testing.T, open func() helper.Store) {
	s := open()
	for _, size := range []int{0, 1, 2_560, 2_561, 5_000, 20_000} {
		name, want := NewName(t), make([]byte, size)
		_, _ = rand.Read(want)
		_, err := s.Put(t.Context(), name, want, "")
		if errors.Is(err, helper.ErrTooLarge) && size > 2_560 {
			_, _, err = s.Get(t.Context(), name)
			wantErr(t, err, helper.ErrNotFound)
			continue
		}
		if err != nil {
			t.Fatalf("Put of %d bytes: %v", size, err)
		}
		clean(t, s, name)
		if got, _ := mustGet(t, s, name); !bytes.Equal(got, want) {
			t.Errorf("an item of %d bytes came back as %d other bytes", size, len(got))
		}
	}
}

func putBinary(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	want := make([]byte, 256)
	for i := range want {
		want[i] = byte(i)
	}
	want = append(append([]byte(" \n"), want...), "\x00 \r\n"...) // white space that a store might trim
	mustPut(t, s, name, want, "")
	if got, _ := mustGet(t, s, name); !bytes.Equal(got, want) {
		t.Errorf("the 256 byte values and blanks round them came back as %x", got)
	}
}

func putReplaces(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	first := mustPut(t, s, name, []byte("a longer first item"), "")
	second := mustPut(t, s, name, []byte("second"), first)
	item, v := mustGet(t, s, name)
	if string(item) != "second" || v != second || first == second {
		t.Errorf("Get = %q, version %q after versions %q and %q", item, v, first, second)
	}
}

func putExpectsAbsent(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	mustPut(t, s, name, []byte("first"), "")
	_, err := s.Put(t.Context(), name, []byte("second"), "")
	wantErr(t, err, helper.ErrConflict)
	wantItem(t, s, name, "first")
}

func putExpectsVersion(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	_, err := s.Put(t.Context(), name, []byte("x"), "a version of another day")
	wantErr(t, err, helper.ErrConflict)
	_, _, err = s.Get(t.Context(), name)
	wantErr(t, err, helper.ErrNotFound)

	old := mustPut(t, s, name, []byte("first"), "")
	mustPut(t, s, name, []byte("second"), old)
	_, err = s.Put(t.Context(), name, []byte("third"), old)
	wantErr(t, err, helper.ErrConflict)
	wantItem(t, s, name, "second")
}

func putCancelled(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	v := mustPut(t, s, name, []byte("first"), "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, name, []byte("second"), v)
	wantErr(t, err, context.Canceled)
	_, _, err = s.Get(ctx, name)
	wantErr(t, err, context.Canceled)
	wantErr(t, s.Delete(ctx, name, v), context.Canceled)
	wantItem(t, s, name, "first")
}

func deletePresent(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	v := mustPut(t, s, name, []byte("item"), "")
	if err := s.Delete(t.Context(), name, v); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	_, _, err := s.Get(t.Context(), name)
	wantErr(t, err, helper.ErrNotFound)
	mustPut(t, s, name, []byte("again"), "")
	wantItem(t, s, name, "again")
}

func deleteAbsent(t *testing.T, open func() helper.Store) {
	s := open()
	wantErr(t, s.Delete(t.Context(), NewName(t), ""), helper.ErrNotFound)
	wantErr(t, s.Delete(t.Context(), NewName(t), "x"), helper.ErrNotFound)
}

func deleteExpectsVersion(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	old := mustPut(t, s, name, []byte("first"), "")
	mustPut(t, s, name, []byte("second"), old)
	wantErr(t, s.Delete(t.Context(), name, old), helper.ErrConflict)
	wantErr(t, s.Delete(t.Context(), name, ""), helper.ErrConflict)
	wantItem(t, s, name, "second")
}

func namesAreApart(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	journal, other := name+"/journal", NewName(t)
	v := mustPut(t, s, name, []byte("item"), "")
	mustPut(t, s, journal, []byte("journal"), "")
	mustPut(t, s, other, []byte("other"), "")
	if err := s.Delete(t.Context(), name, v); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantItem(t, s, journal, "journal")
	wantItem(t, s, other, "other")
}

func itemsAreCopies(t *testing.T, open func() helper.Store) {
	s, name := open(), NewName(t)
	given := []byte("item")
	mustPut(t, s, name, given, "")
	given[0] = 'X'
	got, _ := mustGet(t, s, name)
	got[1] = 'X'
	wantItem(t, s, name, "item")
}

func nextProcessSees(t *testing.T, open func() helper.Store) {
	name := NewName(t)
	v := mustPut(t, open(), name, []byte("first"), "")
	if _, got := mustGet(t, open(), name); got != v {
		t.Errorf("the next process sees version %q, want %q", got, v)
	}
	mustPut(t, open(), name, []byte("second"), v)
	wantItem(t, open(), name, "second")
}

func list(t *testing.T, open func() helper.Store) {
	l, ok := open().(helper.Lister)
	if !ok {
		return
	}
	s, names := open(), []string{NewName(t), NewName(t), NewName(t) + "/journal"}
	for _, name := range names {
		mustPut(t, s, name, []byte("item"), "")
	}
	got, err := l.List(t.Context())
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	if !slices.IsSorted(got) {
		t.Errorf("List is not in order: %q", got)
	}
	for _, name := range names {
		if !slices.Contains(got, name) {
			t.Errorf("List lacks %q", name)
		}
	}
}
