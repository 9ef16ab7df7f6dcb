package keychain

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	testID      = "0123456789abcdef0123456789abcdef"
	testJournal = testID + "/journal"
)

// A fakePlatform answers as the test says and records its calls.
type fakePlatform struct {
	mu    sync.Mutex // guards calls
	calls []string
	item  []byte

	onGet, onSet, onDelete func(context.Context) error // nil: no error
}

func (s *fakePlatform) run(ctx context.Context, call string, f func(context.Context) error) error {
	s.mu.Lock()
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(ctx)
}

func (s *fakePlatform) get(ctx context.Context, _ string) ([]byte, error) {
	if err := s.run(ctx, "get", s.onGet); err != nil {
		return nil, err
	}
	return s.item, nil
}

func (s *fakePlatform) set(ctx context.Context, _ string, _ []byte) error {
	return s.run(ctx, "set", s.onSet)
}

func (s *fakePlatform) delete(ctx context.Context, _ string) error {
	return s.run(ctx, "delete", s.onDelete)
}

func (s *fakePlatform) recorded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func failWith(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestSizeLimits(t *testing.T) {
	for _, c := range []struct {
		system string
		limit  limit
		name   string
		most   int
	}{
		{"Windows", windowsLimit, testID, 2560},
		{"Windows", windowsLimit, testJournal, 2560},
		{"macOS", macLimit, testID, 3000},
		{"macOS", macLimit, testJournal, 2994},
	} {
		absent := &fakePlatform{onGet: failWith(helper.ErrNotFound)}
		s := &Store{platform: absent, limit: c.limit}
		_, err := s.Put(t.Context(), c.name, make([]byte, c.most+1), "")
		wantErr(t, err, helper.ErrTooLarge)
		if calls := absent.recorded(); len(calls) > 0 {
			t.Errorf("%s: an item that is too large reached the keychain: %q", c.system, calls)
		}
		if _, err := s.Put(t.Context(), c.name, make([]byte, c.most), ""); err != nil {
			t.Errorf("%s: Put of %d bytes: %v", c.system, c.most, err)
		}
	}
}

func TestLinuxHasNoSizeLimit(t *testing.T) {
	s := &Store{platform: &fakePlatform{onGet: failWith(helper.ErrNotFound)}}
	if _, err := s.Put(t.Context(), testID, make([]byte, 1<<20), ""); err != nil {
		t.Errorf("Put of 1 MiB: %v", err)
	}
}

func TestPutOfTheLibraryTooLarge(t *testing.T) {
	s := &Store{platform: &fakePlatform{
		onGet: failWith(helper.ErrNotFound),
		onSet: failWith(libraryError(keyring.ErrSetDataTooBig)),
	}}
	_, err := s.Put(t.Context(), testID, []byte("x"), "")
	wantErr(t, err, helper.ErrTooLarge)
}

// TestOnlyNotFoundMeansAbsent checks that Put writes after no other failure of the read.
func TestOnlyNotFoundMeansAbsent(t *testing.T) {
	for _, failure := range []error{helper.ErrLocked, helper.ErrUnavailable, helper.ErrTimeout, errors.New("anything")} {
		p := &fakePlatform{onGet: failWith(failure)}
		_, err := (&Store{platform: p}).Put(t.Context(), testID, []byte("x"), "")
		wantErr(t, err, failure)
		if slices.Contains(p.recorded(), "set") {
			t.Errorf("after a read that failed with %q the item was set", failure)
		}
	}
}

func TestLocation(t *testing.T) {
	s := &Store{place: "Secret Service"}
	want := "item " + testID + " of service codex-cred in the Secret Service"
	if got := s.Location(testID); got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
}

func wantErr(t *testing.T, err error, want ...error) {
	t.Helper()
	for _, w := range want {
		if !errors.Is(err, w) {
			t.Errorf("error %v, want %v", err, w)
		}
	}
}

func wantNotErr(t *testing.T, err error, not ...error) {
	t.Helper()
	for _, n := range not {
		if errors.Is(err, n) {
			t.Errorf("error %v is also %v", err, n)
		}
	}
}
