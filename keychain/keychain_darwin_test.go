package keychain

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/testsecurity"
)

const (
	finds   = "find-generic-password"
	begins  = "-i"
	adds    = "add-generic-password"
	deletes = "delete-generic-password"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() helper.Store {
		testsecurity.Start(t).Setenv(t)
		return func() helper.Store { return New() }
	})
}

// TestStoreBesideOthers runs the suite while other programs make reads fail: during their own
// reads, or every second time.
func TestStoreBesideOthers(t *testing.T) {
	for _, fault := range []testsecurity.Fault{testsecurity.Overlapping, testsecurity.EveryOther, testsecurity.Slow} {
		t.Run(string(fault), func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) func() helper.Store {
				k := testsecurity.Start(t)
				k.Setenv(t)
				k.Fail(t, fault)
				locks := filelock.New(filepath.Join(t.TempDir(), "root"))
				return func() helper.Store {
					s := New()
					mac := s.platform.(macKeychain)
					mac.retry.wait = func(context.Context) {}
					s.platform, s.Timeout = mac, time.Minute
					s.Serialize = func(ctx context.Context) (func() error, error) {
						return locks.Lock(ctx, filelock.Keychain)
					}
					return s
				}
			})
		})
	}
}

// TestFailures runs every failure with an item that exists and with one that does not.
func TestFailures(t *testing.T) {
	for _, c := range []struct {
		fault                 testsecurity.Fault
		get, absent, put, del error // nil: none of helper's errors
	}{
		{testsecurity.Locked, helper.ErrLocked, helper.ErrNotFound, helper.ErrLocked, helper.ErrLocked},
		{testsecurity.Cancelled, helper.ErrLocked, helper.ErrNotFound, helper.ErrLocked, helper.ErrLocked},
		{testsecurity.NoKeychain, helper.ErrUnavailable, helper.ErrUnavailable, helper.ErrUnavailable, helper.ErrUnavailable},
		{testsecurity.Hanging, helper.ErrTimeout, helper.ErrTimeout, helper.ErrTimeout, helper.ErrTimeout},
		{testsecurity.Failing, nil, nil, nil, nil},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			k := testsecurity.Start(t)
			k.Setenv(t)
			s, name, other := New(), storetest.NewName(t), storetest.NewName(t)
			v, err := s.Put(t.Context(), name, []byte("item"), "")
			if err != nil {
				t.Fatal(err)
			}
			k.Fail(t, c.fault)
			if c.fault == testsecurity.Hanging {
				s.Timeout = 50 * time.Millisecond
			}
			_, _, err = s.Get(t.Context(), name)
			wantKind(t, "Get", err, c.get)
			_, _, err = s.Get(t.Context(), other)
			wantKind(t, "Get of what is absent", err, c.absent)
			_, err = s.Put(t.Context(), name, []byte("more"), v)
			wantKind(t, "Put", err, c.put)
			wantKind(t, "Delete", s.Delete(t.Context(), name, v), c.del)
			k.Heal(t)
			s.Timeout = 0
			if item, _, err := s.Get(t.Context(), name); err != nil || string(item) != "item" {
				t.Errorf("in the end the item is %q, %v", item, err)
			}
		})
	}
}

// wantKind wants exactly that kind of error; nil wants none of helper's errors.
func wantKind(t *testing.T, what string, err, want error) {
	t.Helper()
	if want == nil && !isUnclassified(err) || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	for _, kind := range []error{
		helper.ErrNotFound, helper.ErrLocked, helper.ErrUnavailable, helper.ErrTimeout, helper.ErrTooLarge,
		helper.ErrUnknown,
	} {
		if !errors.Is(kind, want) && errors.Is(err, kind) {
			t.Errorf("%s: %v is also %v", what, err, kind)
		}
	}
}

// TestTruncated checks that a truncated item is corrupt or differs from the one written, and can be
// deleted.
func TestTruncated(t *testing.T) {
	for _, fault := range []testsecurity.Fault{testsecurity.Truncating, testsecurity.TruncatedRead} {
		for _, size := range []int{30, 300} {
			t.Run(fmt.Sprint(fault, size), func(t *testing.T) {
				k := testsecurity.Start(t)
				k.Setenv(t)
				k.Fail(t, fault)
				s, name, item := New(), storetest.NewName(t), make([]byte, size)
				_, _ = rand.Read(item)
				v, err := s.Put(t.Context(), name, item, "")
				if err != nil {
					t.Fatal(err)
				}
				got, found, err := s.Get(t.Context(), name)
				if err != nil {
					wantErr(t, err, helper.ErrCorrupt)
				} else if bytes.Equal(got, item) || found == v {
					t.Error("nobody can tell that the item lost its end")
				}
				if err := s.Delete(t.Context(), name, found); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestCommands checks which commands are run: one for a read, and none for an item that is too
// large, for which go-keyring would leave a child process.
func TestCommands(t *testing.T) {
	k := testsecurity.Start(t)
	k.Setenv(t)
	s, name := New(), storetest.NewName(t)
	ran := func(what string, want ...string) {
		t.Helper()
		if got := k.NewCalls(t); !slices.Equal(got, want) {
			t.Errorf("%s ran %q, want %q", what, got, want)
		}
	}
	_, err := s.Put(t.Context(), name, make([]byte, macLimit(name)+1), "")
	wantErr(t, err, helper.ErrTooLarge)
	ran("a Put of what is too large")
	v, err := s.Put(t.Context(), name, make([]byte, macLimit(name)), "")
	if err != nil {
		t.Fatal(err)
	}
	ran("the first Put", finds, finds, begins, adds)
	if _, _, err := s.Get(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	ran("a Get", finds)
	if err := s.Delete(t.Context(), name, v); err != nil {
		t.Fatal(err)
	}
	ran("a Delete", finds, deletes)
	if k.Prompted() {
		t.Error("a person was asked")
	}
}

// TestLimitIsTheLibrarys checks that macLimit is go-keyring's own limit: it refuses one byte more.
func TestLimitIsTheLibrarys(t *testing.T) {
	testsecurity.Start(t).Setenv(t)
	for _, name := range []string{testID, testJournal} {
		g := goKeyring{service: Service, mapError: macError}
		if err := g.set(t.Context(), name, make([]byte, macLimit(name))); err != nil {
			t.Errorf("go-keyring refuses %d bytes: %v", macLimit(name), err)
		}
		wantErr(t, g.set(t.Context(), name, make([]byte, macLimit(name)+1)), helper.ErrTooLarge)
	}
}

// TestNewForService uses items of another program whose names need quotes.
func TestNewForService(t *testing.T) {
	k := testsecurity.Start(t)
	k.Setenv(t)
	const service, name = "Codex Auth", "cli|it's 1"
	other := NewForService(service)
	v, err := other.Put(t.Context(), name, []byte("theirs"), "")
	if err != nil {
		t.Fatal(err)
	}
	if item, _, err := other.Get(t.Context(), name); err != nil || string(item) != "theirs" {
		t.Errorf("Get = %q, %v", item, err)
	}
	if items := k.Items(t); !slices.Equal(items, []string{name}) {
		t.Errorf("the keychain has %q", items)
	}
	if err := other.Delete(t.Context(), name, v); err != nil {
		t.Fatal(err)
	}
	k.Add(t, service, name, "in the clear") // as other programs write
	if item, _, err := other.Get(t.Context(), name); err != nil || strings.TrimSpace(string(item)) != "in the clear" {
		t.Errorf("Get = %q, %v", item, err)
	}
}
