package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/moving"
	"github.com/codex-cred/codex-cred/keychain"
)

// keychainScheme begins the path of a document that is a keychain item.
const keychainScheme = "keychain:"

// keychainPath returns the path of the item, which --from accepts.
func keychainPath(item foreignItem) string {
	return keychainScheme + item.service + "/" + item.name
}

func inKeychain(path string) bool { return strings.HasPrefix(path, keychainScheme) }

// readItem reads a document from the keychain. fs.ErrNotExist: there is no such
// item, or no keychain.
func readItem(ctx context.Context, path string, format moving.Format) (document, error) {
	service, name, _ := strings.Cut(strings.TrimPrefix(path, keychainScheme), "/")
	store := keychain.NewForService(service)
	content, v, err := store.Get(ctx, name)
	switch {
	case errors.Is(err, helper.ErrNotFound), errors.Is(err, helper.ErrUnavailable):
		return document{}, fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case err != nil:
		return document{}, err
	}
	return parseDocument(document{
		path: path, content: content,
		write: func(content []byte) error {
			_, err := store.Put(ctx, name, content, v)
			return err
		},
		remove: func() error { return store.Delete(ctx, name, v) },
	}, format)
}
