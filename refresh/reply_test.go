package refresh

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
)

// allKinds returns every error of helper, and those that only a gate gets.
func allKinds() []error {
	return []error{
		helper.ErrNotFound, helper.ErrErasing, helper.ErrSignInRequired, helper.ErrLocked, helper.ErrUnavailable,
		helper.ErrTooLarge,
		helper.ErrCorrupt, helper.ErrNewer, helper.ErrTimeout, helper.ErrFull, helper.ErrUnsafe, helper.ErrConflict,
		helper.ErrUnknown,
		helper.ErrBusy, helper.ErrTemporary, helper.ErrRejected, helper.ErrNotStored, helper.ErrUnread,
		helper.ErrUnknownStore, helper.ErrElsewhere, helper.ErrShared, helper.ErrInvalid,
		helper.ErrUnanswered, errRefreshRunning,
	}
}

// sampleRecord returns a record with every field that a reply contains.
func sampleRecord() helper.Record {
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	return helper.Record{
		Account: helper.Account{Name: "work", ID: "0123456789abcdef0123456789abcdef", Store: "file", Generation: 7},
		Credential: helper.Credential{
			AccessToken: helper.NewSecret("access"), RefreshToken: helper.NewSecret("refresh"), Generation: 8,
			ObtainedAt: at, Expiry: at.Add(time.Hour), Refused: "why",
			Issuer: helper.Issuer{Profile: ProfileOAuth, TokenEndpoint: "https://a.example/t"},
		},
		Version: "v",
	}
}

// TestReply checks that record and error, either or both, are read as written.
func TestReply(t *testing.T) {
	unsafe := &helper.UnsafeError{Path: "/x", Problem: "is a symbolic link", Fix: "rm /x"}
	failures := map[string]error{
		"none": nil, "of no kind": errors.New("another"),
		"of two kinds":   fmt.Errorf("%w: %w", helper.ErrElsewhere, helper.ErrSignInRequired),
		"of an account":  helper.ForAccount("work", fmt.Errorf("why: %w", helper.ErrLocked)),
		"an unsafe path": fmt.Errorf("put: %w", unsafe),
	}
	for _, kind := range allKinds() {
		failures[kind.Error()] = fmt.Errorf("put: %w", kind)
	}
	for name, failure := range failures {
		for _, rec := range []helper.Record{{}, sampleRecord()} {
			if failure == nil && rec.Credential.Generation == 0 {
				continue
			}
			t.Run(fmt.Sprint(name, rec.Credential.Generation > 0), func(t *testing.T) {
				var pipe bytes.Buffer
				if err := writeReply(&pipe, rec, failure, nil); err != nil {
					t.Fatal(err)
				}
				got, err := readReply(&pipe, nil)
				if diff := cmp.Diff(rec, got, cmp.Comparer(func(a, b helper.Secret) bool { return a.Equal(b) })); diff != "" {
					t.Errorf("the record (-written +read):\n%s", diff)
				}
				wantSame(t, failure, err)
			})
		}
	}
}

// wantSame checks that the error read matches the same kinds as the one written.
func wantSame(t *testing.T, written, read error) {
	t.Helper()
	if (read == nil) != (written == nil) {
		t.Fatalf("error %v, want %v", read, written)
	}
	for _, kind := range allKinds() {
		if errors.Is(read, kind) != errors.Is(written, kind) {
			t.Errorf("is %q: %t, want %t", kind, errors.Is(read, kind), errors.Is(written, kind))
		}
	}
	// The reader adds the account's name.
	if written != nil && helper.ForAccount("work", read).Error() != helper.ForAccount("work", written).Error() {
		t.Errorf("error %q, want %q", read, written)
	}
	was, is := (*helper.UnsafeError)(nil), (*helper.UnsafeError)(nil)
	if errors.As(written, &was) != errors.As(read, &is) || was != nil && *was != *is {
		t.Errorf("unsafe %+v, want %+v", is, was)
	}
}

// TestKinds checks that kinds and names are one to one.
func TestKinds(t *testing.T) {
	for name, kind := range kinds(nil) {
		if !slices.Contains(allKinds(), kind) {
			t.Errorf("%s is an error that this test does not know", name)
		}
	}
	if len(kinds(nil)) != len(allKinds()) {
		t.Errorf("%d names for %d kinds", len(kinds(nil)), len(allKinds()))
	}
}

// TestReadReply_None checks that an incomplete reply is none.
func TestReadReply_None(t *testing.T) {
	var whole bytes.Buffer
	if err := writeReply(&whole, sampleRecord(), nil, nil); err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(whole.String())
	for name, pipe := range map[string]io.Reader{
		"nothing":             strings.NewReader(""),
		"text":                strings.NewReader("panic: x\n"),
		"two":                 strings.NewReader(text + text),
		"an array":            strings.NewReader("[]"),
		"neither":             strings.NewReader("{}"),
		"null":                strings.NewReader("null"),
		"a kind and no error": strings.NewReader(`{"kinds":["busy"]}`),
		"another item":        strings.NewReader(`{"item":"e30="}`),
		"an empty item":       strings.NewReader(`{"item":""}`),
		"more than 16 MiB":    io.MultiReader(strings.NewReader(strings.Repeat(" ", maxReply)), strings.NewReader(text)),
		"a broken pipe":       io.MultiReader(strings.NewReader(text), iotest.ErrReader(io.ErrClosedPipe)),
	} {
		if rec, err := readReply(pipe, nil); !errors.Is(err, errNoReply) || !rec.Credential.AccessToken.IsZero() {
			t.Errorf("%s: error %v, want errNoReply", name, err)
		}
	}
	for n := range len(text) {
		if _, err := readReply(strings.NewReader(text[:n]), nil); !errors.Is(err, errNoReply) {
			t.Fatalf("the first %d bytes: error %v, want errNoReply", n, err)
		}
	}
}

// FuzzReadReply checks that all input is a record, an error, or no reply, and that what is read can be written again.
func FuzzReadReply(f *testing.F) {
	for _, failure := range []error{nil, helper.ErrNotStored, &helper.UnsafeError{Path: "/x", Problem: "y", Fix: "z"}} {
		var b bytes.Buffer
		if err := writeReply(&b, sampleRecord(), failure, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	for _, seed := range []string{"", "{}", "null", `{"error":"x","kinds":["busy","?"]}`, `{"item":"e30="}`, `{"unsafe":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := readReply(bytes.NewReader(b), nil)
		if errors.Is(err, errNoReply) {
			return
		}
		if err == nil && rec.Credential.Generation == 0 {
			t.Fatal("neither a record nor an error")
		}
		var again bytes.Buffer
		if err := writeReply(&again, rec, err, nil); err != nil {
			t.Fatal(err)
		}
		_, back := readReply(&again, nil)
		if (back == nil) != (err == nil) || errors.Is(back, helper.ErrBusy) != errors.Is(err, helper.ErrBusy) {
			t.Errorf("error %v, read back %v", err, back)
		}
	})
}
