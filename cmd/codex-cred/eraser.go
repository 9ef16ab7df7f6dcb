package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/filelock"
)

// An eraser removes accounts, or lists what it would remove.
type eraser struct {
	*program
	*wiring
	revoke bool
	dryRun bool
}

// account erases one account while no sign-in for it is under way.
func (e *eraser) account(ctx context.Context, name string) (*receipt, error) {
	signIns, err := e.signIns(name)
	if err != nil {
		return nil, helper.ForAccount(name, err)
	}
	r := &receipt{Account: name}
	if e.dryRun {
		for _, s := range signIns {
			r.lookAll(ctx, e.ofSignIn(s))
		}
		r.lookAll(ctx, e.ofAccount(name))
		return r, nil
	}
	unlock, err := e.onlySignIn(ctx, name)
	if err == nil {
		err = errors.Join(e.removeAll(ctx, r, signIns), unlock())
	}
	return r, helper.ForAccount(name, err)
}

// signIns returns the sign-ins of the account, the current one last. Of a
// damaged record it takes what can still be made out.
func (e *eraser) signIns(name string) ([]helper.Leftover, error) {
	a, err := e.accounts.Load(name)
	if errors.Is(err, helper.ErrCorrupt) && !errors.Is(err, helper.ErrNewer) {
		e.warn("warning: %s; looking for the ids in it", oneLine(err.Error()))
		return e.accounts.Salvage(name, []string{storeKeychain, storeFile})
	}
	if err != nil {
		return nil, err
	}
	return append(a.Leftovers, helper.Leftover{ID: a.ID, Store: a.Store}), nil
}

// removeAll marks the account's file first, so that a refresh in flight cannot
// bring back what is removed here, and deletes it last.
func (e *eraser) removeAll(ctx context.Context, r *receipt, signIns []helper.Leftover) error {
	_, err := e.accounts.Update(r.Account, func(a *helper.Account) error {
		if a.ID == "" {
			return helper.ErrNotFound // another erase was faster
		}
		a.Erasing = true
		return nil
	})
	if errors.Is(err, helper.ErrNotFound) {
		r.remove(ctx, e.lockFile(filelock.SignIn+r.Account))
	}
	if err != nil && !errors.Is(err, helper.ErrCorrupt) {
		return err
	}
	for i, s := range signIns {
		if err := e.signIn(ctx, r, s, e.revoke && i == len(signIns)-1); err != nil {
			return err
		}
	}
	for _, s := range signIns {
		e.trials(ctx, r, s.Store)
	}
	return e.entry(ctx, r, r.Account)
}

// trials removes what a killed trial of the store left. Mostly there is
// nothing, and nothing to tell.
func (e *eraser) trials(ctx context.Context, r *receipt, store string) {
	for _, a := range e.ofSignIn(helper.Leftover{ID: e.trial(), Store: store}) {
		if present, err := a.present(ctx); present && err == nil {
			r.remove(ctx, a)
		}
	}
}

// entry removes what belongs to the name, unless an item still needs it.
func (e *eraser) entry(ctx context.Context, r *receipt, name string) error {
	for _, a := range e.ofAccount(name) {
		if r.failed() {
			r.keep(a, "it names what could not be removed")
			continue
		}
		r.remove(ctx, a)
	}
	return ctx.Err()
}

const (
	// refreshWait outlasts the longest refresh that may be in flight.
	refreshWait = 150 * time.Second
	// quietWait is how long an erase waits before it says what for.
	quietWait = time.Second
)

// signIn removes one sign-in under its lock.
func (e *eraser) signIn(ctx context.Context, r *receipt, s helper.Leftover, revoke bool) error {
	say := time.AfterFunc(quietWait, func() { e.warn("waiting for a refresh in flight to end") })
	lockCtx, cancel := context.WithTimeout(ctx, refreshWait)
	unlock, err := e.locks.Lock(lockCtx, string(s.ID))
	cancel()
	say.Stop()
	if err != nil {
		return err
	}
	if revoke {
		r.Revocation = e.revokeAt(ctx, s)
	}
	for _, a := range e.ofSignIn(s) {
		if !r.remove(ctx, a) {
			break
		}
	}
	return unlock()
}

// revokeAt asks the issuer to revoke the newest refresh token.
func (e *eraser) revokeAt(ctx context.Context, s helper.Leftover) *revocation {
	store, err := e.records.Stores.Store(s.Store)
	if err != nil {
		return &revocation{Reason: reason(err)}
	}
	item, _, err := store.Get(ctx, string(s.ID))
	if err != nil {
		return &revocation{Reason: reason(err)}
	}
	c, err := helper.Decode(item)
	if err != nil {
		return &revocation{Reason: reason(err)}
	}
	token, hint := c.RefreshToken, "refresh_token"
	if token.IsZero() {
		token, hint = c.AccessToken, "access_token"
	}
	if err := e.client.Revoke(ctx, c.Issuer, token, hint); err != nil {
		return &revocation{Endpoint: c.Issuer.RevocationEndpoint, Reason: reason(err)}
	}
	return &revocation{Endpoint: c.Issuer.RevocationEndpoint, Revoked: true}
}

// sweep deletes the leftovers of the account: sign-ins that were replaced or
// never finished. What cannot be deleted stays listed for a later erase.
func (p *program) sweep(ctx context.Context, w *wiring, a helper.Account) error {
	e := eraser{program: p, wiring: w}
	for _, l := range a.Leftovers {
		r := &receipt{}
		if err := e.signIn(ctx, r, l, false); err != nil {
			return fmt.Errorf("delete the replaced sign-in: %w", err)
		}
		if r.failed() {
			p.warn("warning: the replaced sign-in could not be deleted and stays listed:\n%s", r.text())
			continue
		}
		if _, err := w.accounts.Update(a.Name, helper.Forget(l.ID)); err != nil {
			return fmt.Errorf("delete the replaced sign-in: %w", err)
		}
	}
	return nil
}
