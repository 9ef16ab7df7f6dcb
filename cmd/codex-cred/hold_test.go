package main

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// events receives the program's notices.
type events chan string

// Write implements [io.Writer].
func (e events) Write(b []byte) (int, error) {
	e <- string(b)
	return len(b), nil
}

// TestHoldAccount checks that a process that has waited for the lock of a sign-in checks again that
// the account still has that sign-in. If not, it releases the lock.
func TestHoldAccount(t *testing.T) {
	t.Parallel()
	const first, second = helper.ID("0123456789abcdef0123456789abcdef"), helper.ID("fedcba9876543210fedcba9876543210")
	for name, c := range map[string]struct {
		meanwhile func(w *wiring) error
		err       error
	}{
		"nothing happens": {func(*wiring) error { return nil }, nil},
		"signed in again": {func(w *wiring) error {
			_, err := w.Accounts.Update("work", func(a *helper.Account) error { a.ID = second; return nil })
			return err
		}, helper.ErrConflict},
		"erased": {func(w *wiring) error { return w.Accounts.Remove("work") }, helper.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, told := filepath.Join(t.TempDir(), "root"), make(events, 1)
			p := &program{
				Terminal: &terminal.Terminal{Now: time.Now, Err: told},
				Process:  &process.Process{Getenv: func(name string) string { return map[string]string{"CODEX_CRED_HOME": root}[name] }},
			}
			w, err := p.wire()
			must(t, err)
			_, err = w.Accounts.Update("work", func(a *helper.Account) error {
				a.ID, a.Store = first, home.StoreFile
				return nil
			})
			must(t, err)
			refreshed, err := w.Locks.Lock(t.Context(), string(first))
			must(t, err)
			type held struct {
				unlock func() error
				err    error
			}
			done := make(chan held)
			go func() {
				unlock, err := p.holdAccount(t.Context(), w, "work")
				done <- held{unlock, err}
			}()
			<-told // it waits
			must(t, c.meanwhile(w))
			must(t, refreshed())
			got := <-done
			if !errors.Is(got.err, c.err) || (got.err == nil) != (c.err == nil) {
				t.Errorf("error %v, want %v", got.err, c.err)
			}
			again, free, err := w.Locks.Try(string(first))
			must(t, err)
			if free != (c.err != nil) {
				t.Errorf("the lock is free: %t", free)
			}
			for _, unlock := range []func() error{got.unlock, again} {
				if unlock != nil {
					must(t, unlock())
				}
			}
		})
	}
}
