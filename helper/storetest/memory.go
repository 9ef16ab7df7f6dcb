package storetest

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/codex-cred/codex-cred/helper"
)

// Memory is a [helper.Store] in this process's memory: the reference implementation of the contract, for tests. The
// zero Memory is empty and ready to use. Comparing and writing are atomic.
type Memory struct {
	mu    sync.Mutex // guards items
	items map[string][]byte
}

var (
	_ helper.Store  = (*Memory)(nil)
	_ helper.Lister = (*Memory)(nil)
)

// Get implements [helper.Store].
func (m *Memory) Get(ctx context.Context, name string) ([]byte, helper.Version, error) {
	if err := check(ctx, name); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[name]
	if !ok {
		return nil, "", helper.ErrNotFound
	}
	return bytes.Clone(item), helper.Digest(item), nil
}

// Put implements [helper.Store].
func (m *Memory) Put(ctx context.Context, name string, item []byte, expect helper.Version) (helper.Version, error) {
	if err := check(ctx, name); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version(name) != expect {
		return "", helper.ErrConflict
	}
	if m.items == nil {
		m.items = map[string][]byte{}
	}
	m.items[name] = bytes.Clone(item)
	return helper.Digest(item), nil
}

// Delete implements [helper.Store].
func (m *Memory) Delete(ctx context.Context, name string, expect helper.Version) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.version(name) {
	case "":
		return helper.ErrNotFound
	case expect:
		delete(m.items, name)
		return nil
	default:
		return helper.ErrConflict
	}
}

// List implements [helper.Lister].
func (m *Memory) List(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.items)), nil
}

func (m *Memory) version(name string) helper.Version {
	item, ok := m.items[name]
	if !ok {
		return ""
	}
	return helper.Digest(item)
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return helper.CheckItemName(name)
}
