package refresh

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/codex-cred/codex-cred/helper"
)

// errRefreshRunning: another process, usually a worker, is changing the credential.
var errRefreshRunning = errors.New("a refresh is under way")

// A TryLocker is a [helper.Locker] that can also acquire a lock without waiting.
type TryLocker interface {
	helper.Locker
	// Try acquires the lock if it is free.
	Try(name string) (unlock func() error, ok bool, err error)
}

// A WorkLock is the [Rotation]'s locker in a worker. Its first Lock of a name does not wait: it returns ErrBusy if the
// lock is held, and the [Gate] that started the worker waits instead and reads the record again. So workers do not pile
// up behind a slow one. Later calls of Lock wait: the worker then has a credential to store. Its methods may be called
// concurrently.
type WorkLock struct {
	locks TryLocker
	mu    sync.Mutex
	had   map[string]bool
}

var _ helper.Locker = (*WorkLock)(nil)

// NewWorkLock returns a WorkLock for the given locks.
func NewWorkLock(locks TryLocker) *WorkLock {
	return &WorkLock{locks: locks, had: map[string]bool{}}
}

// Lock implements [helper.Locker].
func (l *WorkLock) Lock(ctx context.Context, name string) (unlock func() error, err error) {
	if l.hasHad(name) {
		return l.locks.Lock(ctx, name)
	}
	unlock, ok, err := l.locks.Try(name)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		return nil, fmt.Errorf("%w: %w", errRefreshRunning, helper.ErrBusy)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.had[name] = true
	return unlock, nil
}

func (l *WorkLock) hasHad(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.had[name]
}

// Remove implements [helper.Locker].
func (l *WorkLock) Remove(name string) error { return l.locks.Remove(name) }
