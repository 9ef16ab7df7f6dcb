// Package fallbackfile is a [helper.Store] in files that only their owner can read: the store for a
// system without a keychain. Start with [New].
//
// The files are not encrypted: a program that can read the owner's files can read the items. The
// package does not decide when it is used.
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

	// maxSize is the largest item in bytes. The answer of a token endpoint is read up to 1 MiB, and
	// one byte of it takes at most six bytes of JSON.
	maxSize = 8 << 20
)

// Store keeps each item in a file of its name. A Version is the digest of the content. Comparing
// and writing are atomic only under the account's lock. Its methods are safe for concurrent use.
type Store struct{ dir safefile.Dir }

var (
	_ helper.Store  = (*Store)(nil)
	_ helper.Lister = (*Store)(nil)
)

// New returns the store under root, which is absolute. It does not touch the disk.
func New(root string) *Store {
	return &Store{dir: safefile.Dir{Root: root, Name: dirName}}
}

// Path returns the path of the item's file.
func (s *Store) Path(name string) string { return s.dir.Path(fileOf(name)) }

// Folder returns the directory of the items.
func (s *Store) Folder() string { return s.dir.Path("") }

// Files returns the paths of all files in the folder: items, and what an interrupted Put left.
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

// Put implements [helper.Store]. It replaces the file atomically.
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
		dir.Makes = safefile.MakesNothing // the directory that held the item may be absent for a moment
	}
	if err := dir.Write(fileOf(name), item); err != nil {
		return "", err
	}
	return helper.Digest(item), nil
}

// Delete implements [helper.Store]. It also deletes what an interrupted Put left, even if there is
// no item.
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

// An item name has at most one slash, and neither of its parts has a dot.

func fileOf(name string) string { return strings.Replace(name, "/", ".", 1) }

func nameOf(file string) string { return strings.Replace(file, ".", "/", 1) }
