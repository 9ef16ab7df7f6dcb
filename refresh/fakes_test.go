package refresh_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

// clock is a clock that advances only by advance.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// faultyStore is a store whose next writes fail as configured.
type faultyStore struct {
	storetest.Memory
	mu    sync.Mutex
	fail  []error // for the next Puts, nil for none
	wrote int     // Puts that changed the item
	// late: a failing Put writes first.
	late bool
}

func (s *faultyStore) Put(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (helper.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.fail) == 0 {
		return s.write(ctx, name, item, expect)
	}
	err := s.fail[0]
	s.fail = s.fail[1:]
	if err == nil {
		return s.write(ctx, name, item, expect)
	}
	if s.late {
		if _, putErr := s.write(ctx, name, item, expect); putErr != nil {
			return "", putErr
		}
	}
	return "", err
}

func (s *faultyStore) write(
	ctx context.Context, name string, item []byte, expect helper.Version,
) (helper.Version, error) {
	v, err := s.Memory.Put(ctx, name, item, expect)
	if err == nil && v != expect {
		s.wrote++
	}
	return v, err
}

// failPuts fails the next n Puts after that of the journal's key.
func (s *faultyStore) failPuts(n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = []error{nil}
	for range n {
		s.fail = append(s.fail, err)
	}
}

// accounts is helper.Accounts in memory.
type accounts struct {
	mu   sync.Mutex
	all  map[string]helper.Account
	fail error // of the next Update
	good int   // Updates before that
	// failList is the error of every List.
	failList error
}

func (a *accounts) Load(name string) (helper.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	found, ok := a.all[name]
	if !ok {
		return helper.Account{}, helper.ErrNotFound
	}
	return found, nil
}

func (a *accounts) Update(name string, change func(*helper.Account) error) (helper.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.good > 0 {
		a.good--
	} else if err := a.fail; err != nil {
		a.fail = nil
		return helper.Account{}, err
	}
	found := a.all[name]
	found.Name = name
	if err := change(&found); err != nil {
		return helper.Account{}, err
	}
	if a.all == nil {
		a.all = map[string]helper.Account{}
	}
	a.all[name] = found
	return found, nil
}

func (a *accounts) Remove(name string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.all, name)
	return nil
}

// setList sets the error of every List.
func (a *accounts) setList(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failList = err
}

// set changes the record of the account "work".
func (a *accounts) set(change func(*helper.Account)) {
	_, _ = a.Update("work", func(found *helper.Account) error { change(found); return nil })
}

func (a *accounts) List() ([]string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failList != nil {
		return nil, a.failList
	}
	return slices.Sorted(maps.Keys(a.all)), nil
}

// locker provides locks within this process.
type locker struct {
	mu   sync.Mutex
	held map[string]chan struct{}
}

func (l *locker) Lock(ctx context.Context, name string) (func() error, error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]chan struct{}{}
	}
	if l.held[name] == nil {
		l.held[name] = make(chan struct{}, 1)
	}
	lock := l.held[name]
	l.mu.Unlock()
	select {
	case lock <- struct{}{}:
		return func() error { <-lock; return nil }, nil
	case <-ctx.Done():
		return nil, helper.ErrBusy
	}
}

// isHeld reports whether the lock is held.
func (l *locker) isHeld(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held[name]) > 0
}

func (l *locker) Remove(string) error { return helper.ErrNotFound }
