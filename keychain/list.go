package keychain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/codex-cred/codex-cred/helper"
)

// A lister is a platform that can list the user names of its service's items.
type lister interface {
	list(ctx context.Context) ([]string, error)
}

var _ helper.Lister = (*Store)(nil)

// List implements [helper.Lister], on Linux and Windows. It reads no content. A locked keychain is
// ErrLocked, never an empty list. Items whose user name is not an item name are left out.
func (s *Store) List(ctx context.Context) ([]string, error) {
	l, ok := s.platform.(lister)
	if !ok {
		return nil, fmt.Errorf("list the items in the %s: %w", s.place, errors.ErrUnsupported)
	}
	var names []string
	_, err := s.call(ctx, 0, func(ctx context.Context) (none []byte, err error) {
		names, err = l.list(ctx)
		return nil, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the items in the %s: %w", s.place, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return s.check(ctx, name) != nil })
	slices.Sort(names)
	return slices.Compact(names), ctx.Err()
}
