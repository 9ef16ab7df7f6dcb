package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

func mustPut(t *testing.T, s helper.Store, name string, item []byte, expect helper.Version) helper.Version {
	t.Helper()
	v, err := s.Put(t.Context(), name, item, expect)
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	clean(t, s, name)
	return v
}

func mustGet(t *testing.T, s helper.Store, name string) ([]byte, helper.Version) {
	t.Helper()
	item, v, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return item, v
}

func wantItem(t *testing.T, s helper.Store, name, want string) {
	t.Helper()
	if item, _ := mustGet(t, s, name); string(item) != want {
		t.Errorf("the item is %q, want %q", item, want)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// clean removes the item at the end of the test: the place may be shared.
func clean(t *testing.T, s helper.Store, name string) {
	t.Helper()
	t.Cleanup(func() {
		_, v, err := s.Get(context.WithoutCancel(t.Context()), name)
		if err == nil {
			err = s.Delete(context.WithoutCancel(t.Context()), name, v)
		}
		if err != nil && !errors.Is(err, helper.ErrNotFound) {
			t.Error(fmt.Errorf("remove the test's item: %w", err))
		}
	})
}
