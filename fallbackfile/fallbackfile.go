// Package fallbackfile is a [helper.Store] on files that only their owner can
// read: the place for credentials where there is no keychain. Start with [New].
//
// The files hold the items as they are, not encrypted: whoever can read the
// owner's files can read them. The package does not decide when it is used.
package fallbackfile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const (
	dirName = "credentials"

	// maxSize of an item in bytes. The answer of a token endpoint is read up to
	// 1 MiB, and a byte of it is at most six bytes of JSON.
	maxSize = 8 << 20
)

// Store keeps each item in a file named by it. Its Versions are digests;
// comparing and writing are one step only under the account's lock.
type Store struct{ dir safefile.Dir }

var (
	_ helper.Store  = (*Store)(nil)
	_ helper.Lister = (*Store)(nil)
)

// New returns the store under root, which is absolute. It touches nothing.
func New(root string) *Store {
	return &Store{dir: safefile.Dir{Root: root, Name: dirName}}
}

// Path returns where the item of the name is.
func (s *Store) Path(name string) string { return s.dir.Path(fileOf(name)) }

// Folder returns where the items are.
func (s *Store) Folder() string { return s.dir.Path("") }

// Files returns the path of everything in the folder: items, and what a killed
// Put left behind.
func (s *Store) Files() ([]string, error) { return s.dir.Files() }

// Get implements [helper.Store]. It creates nothing.
func (s *Store) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if err := check(ctx, name); err != nil {
		return nil, "", err
	}
	item, err := s.dir.Read(fileOf(name), maxSize)
	if err != nil {
		return nil, "", err
	}
	return item, helper.Digest(item), nil
}

// Put implements [helper.Store]. The file is replaced in one step, or not at all.
func (s *Store) Put(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
	_, found, err := s.Get(ctx, name)
	if err != nil && !errors.Is(err, helper.ErrNotFound) {
		return "", err
	}
	if found != expect {
		return "", s.conflict("write", name)
	}
	if len(item) > maxSize {
		return "", fmt.Errorf("write %s: the item is %w: it has %d bytes", s.Path(name), helper.ErrTooLarge, len(item))
	}
	dir := s.dir
	if expect != "" {
		dir.Makes = safefile.MakesNothing // the directory that held the item may be away for a moment
	}
	if err := dir.Write(fileOf(name), item); err != nil {
		return "", err
	}
	return helper.Digest(item), nil
}

// Delete implements [helper.Store]. It also deletes what a process that was
// killed in the middle of a Put left behind, even where the item is absent.
func (s *Store) Delete(ctx context.Context, name string, expect helper.Version) error {
	_, found, err := s.Get(ctx, name)
	switch {
	case errors.Is(err, helper.ErrNotFound):
	case err != nil:
		return err
	case found != expect:
		return s.conflict("delete", name)
	}
	return s.dir.Remove(fileOf(name))
}

// List implements [helper.Lister]. It creates nothing.
func (s *Store) List(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	files, err := s.dir.Names()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		if name := nameOf(file); helper.CheckItemName(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func (s *Store) conflict(doing, name string) error {
	return fmt.Errorf("%s %s: %w", doing, s.Path(name), helper.ErrConflict)
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return helper.CheckItemName(name)
}

// A name has at most one slash, and neither its ID nor its word has a dot.

func fileOf(name string) string { return strings.Replace(name, "/", ".", 1) }

func nameOf(file string) string { return strings.Replace(file, ".", "/", 1) }
