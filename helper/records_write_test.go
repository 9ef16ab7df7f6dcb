package helper_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

// rotated returns the sample after another rotation, with a token that no
// compression shortens much.
func rotated() helper.Credential {
	c := sample()
	c.Generation = 7
	c.AccessToken = helper.NewSecret(secretText + "." + secretText)
	return c
}

func TestRecords_Write(t *testing.T) {
	s := new(storetest.Memory)
	r, b := newRecords(t, s)
	first, err := r.Write(t.Context(), b.accounts["work"], sample(), "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := r.Write(t.Context(), b.accounts["work"], rotated(), first)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := r.Read(t.Context(), "work")
	if err != nil || rec.Version != second || first == second {
		t.Errorf("version %q after %q and %q, %v", rec.Version, first, second, err)
	}
	wantSame(t, rec.Credential, rotated())
	for _, wrong := range []helper.Version{"", first} {
		_, err = r.Write(t.Context(), b.accounts["work"], sample(), wrong)
		wantOnly(t, err, helper.ErrConflict)
	}
	if rec, err = r.Read(t.Context(), "work"); err != nil || rec.Version != second {
		t.Errorf("a refused write changed the item: version %q, %v", rec.Version, err)
	}
}

// TestRecords_WriteForms gives the store's limit in bytes and the form that is
// stored there.
func TestRecords_WriteForms(t *testing.T) {
	plain, compact := mustEncode(t, helper.Encode, rotated()), mustEncode(t, helper.EncodeCompact, rotated())
	if len(compact) >= len(plain) {
		t.Fatalf("the compact form has %d bytes, the plain %d", len(compact), len(plain))
	}
	for _, c := range []struct {
		name  string
		limit int
		want  []byte
		puts  int
	}{
		{"plain fits", len(plain), plain, 1},
		{"plain is one byte too long", len(plain) - 1, compact, 2},
		{"compact fits", len(compact), compact, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &limitedStore{limit: c.limit}
			r, b := newRecords(t, s)
			v, err := r.Write(t.Context(), b.accounts["work"], rotated(), "")
			if err != nil {
				t.Fatal(err)
			}
			item, got, err := s.Get(t.Context(), string(firstID))
			if !bytes.Equal(item, c.want) || got != v || err != nil || s.puts != c.puts {
				t.Errorf("stored %q in %d puts, version %q for %q, %v", item, s.puts, got, v, err)
			}
			rec, err := r.Read(t.Context(), "work")
			if err != nil {
				t.Fatal(err)
			}
			wantSame(t, rec.Credential, rotated())
		})
	}
}

func TestRecords_WriteTooLarge(t *testing.T) {
	s := &limitedStore{limit: 10_000}
	r, b := newRecords(t, s)
	v := fill(t, s, firstID, sample())
	s.limit = len(mustEncode(t, helper.EncodeCompact, rotated())) - 1
	_, err := r.Write(t.Context(), b.accounts["work"], rotated(), v)
	wantOnly(t, err, helper.ErrTooLarge)
	rec, err := r.Read(t.Context(), "work")
	if err != nil || rec.Version != v {
		t.Fatalf("the old item has version %q, want %q, %v", rec.Version, v, err)
	}
	wantSame(t, rec.Credential, sample())
}

// TestRecords_WriteLies checks that a store that does not answer what it was
// given is found out at once.
func TestRecords_WriteLies(t *testing.T) {
	other := mustEncode(t, helper.Encode, sample())
	for name, mangle := range map[string]func([]byte) []byte{
		"truncates":          func(item []byte) []byte { return item[:len(item)-1] },
		"cuts to nothing":    func([]byte) []byte { return nil },
		"adds a line break":  func(item []byte) []byte { return append(item, '\n') },
		"changes a bit":      func(item []byte) []byte { item[len(item)/2] ^= 1; return item },
		"answers older item": func([]byte) []byte { return other },
	} {
		t.Run(name, func(t *testing.T) {
			r, b := newRecords(t, &corruptingStore{mangle: mangle})
			v, err := r.Write(t.Context(), b.accounts["work"], rotated(), "")
			wantOnly(t, err, helper.ErrCorrupt)
			if v != "" {
				t.Errorf("version %q comes with the error", v)
			}
		})
	}
}

// TestRecords_WriteElsewhere checks that a write goes where the given account
// says, whatever the account's file says.
func TestRecords_WriteElsewhere(t *testing.T) {
	s := new(storetest.Memory)
	r, b := newRecords(t, s)
	if _, err := r.Write(t.Context(), helper.Account{ID: secondID, Store: "file"}, sample(), ""); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get(t.Context(), string(secondID)); err != nil {
		t.Error(err)
	}
	if _, _, err := s.Get(t.Context(), string(firstID)); !errors.Is(err, helper.ErrNotFound) || b.loads != 0 {
		t.Errorf("the account's own item: %v after %d loads", err, b.loads)
	}
}
