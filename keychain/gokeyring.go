package keychain

import (
	"context"
	"errors"
	"fmt"

	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
)

// goKeyring is go-keyring's keychain of this system. A running call ignores its context.
type goKeyring struct {
	service string
	// mapError maps the errors of this system's calls.
	mapError func(error) error
}

func (g goKeyring) get(_ context.Context, user string) ([]byte, error) {
	item, err := keyring.Get(g.service, user)
	if err != nil {
		return nil, g.mapError(err)
	}
	return []byte(item), nil
}

func (g goKeyring) set(ctx context.Context, user string, item []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := keyring.Set(g.service, user, string(item)); err != nil {
		return g.mapError(err)
	}
	return nil
}

func (g goKeyring) delete(ctx context.Context, user string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := keyring.Delete(g.service, user); err != nil {
		return g.mapError(err)
	}
	return nil
}

// libraryError maps the errors that go-keyring itself defines.
func libraryError(err error) error {
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return helper.ErrNotFound
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return withKind(helper.ErrTooLarge, err)
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return withKind(helper.ErrUnavailable, err)
	}
	return err
}

// withKind adds the kind to err.
func withKind(kind, err error) error { return fmt.Errorf("%w: %w", kind, err) }
