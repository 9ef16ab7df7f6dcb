package helper

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
)

// Memory is a Store in this process's memory: the reference implementation of the contract, for tests. The zero Memory
// is empty and ready to use. Comparing and writing are atomic.
type Memory struct {
	mu    sync.Mutex // guards items
	items map[string][]byte
}

var (
	_ Store  = (*Memory)(nil)
	_ Lister = (*Memory)(nil)
)

// Get implements [Store].
func (m *Memory) Get(ctx context.Context, name string) ([]byte, Version, error) {
	if err := check(ctx, name); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	item, ok := m.items[name]
	if !ok {
		return nil, "", ErrNotFound
	}
	return bytes.Clone(item), Digest(item), nil
}

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, name string, item []byte, expect Version) (Version, error) {
	if err := check(ctx, name); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version(name) != expect {
		return "", ErrConflict
	}
	if m.items == nil {
		m.items = map[string][]byte{}
	}
	m.items[name] = bytes.Clone(item)
	return Digest(item), nil
}

// Delete implements [Store].
func (m *Memory) Delete(ctx context.Context, name string, expect Version) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.version(name) {
	case "":
		return ErrNotFound
	case expect:
		delete(m.items, name)
		return nil
	default:
		return ErrConflict
	}
}

// List implements [Lister].
func (m *Memory) List(ctx context.Context) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.items)), nil
}

func (m *Memory) version(name string) Version {
	item, ok := m.items[name]
	if !ok {
		return ""
	}
	return Digest(item)
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return CheckItemName(name)
}
