package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

// An eraser deletes accounts, or lists what it would delete.
type eraser struct {
	*program
	*wiring
	whole  bool // erase --all
	revoke bool
	dryRun bool
}

// account erases one account under the account's lock.
func (e *eraser) account(ctx context.Context, name string) (*receipt, error) {
	signIns, err := e.signIns(name)
	if errors.Is(err, helper.ErrNotFound) {
		err = fault.WithHint(err, "see what there is: codex-cred list")
	}
	if err != nil {
		return nil, helper.ForAccount(name, err)
	}
	ctx = requestlog.About(ctx, name)
	r := &receipt{Account: name}
	if e.dryRun {
		for _, s := range signIns {
			r.lookAll(ctx, e.ofSignIn(s))
		}
		r.lookAll(ctx, e.ofSetups(e.wiring, only(name)))
		r.lookAll(ctx, e.ofAccount(name))
		return r, nil
	}
	unlock, err := e.LockName(ctx, name)
	if err == nil {
		err = errors.Join(e.removeAll(ctx, r), unlock())
	}
	return r, helper.ForAccount(name, err)
}

// removeAll marks the account's file first, so that a refresh in flight cannot
// restore what is removed here, and deletes the file last.
func (e *eraser) removeAll(ctx context.Context, r *receipt) error {
	if err := e.mark(ctx, r); err != nil {
		return err
	}
	// Read again: a sign-in may have finished while this waited for the lock.
	signIns, err := e.signIns(r.Account)
	if err != nil {
		return err
	}
	if len(signIns) == 0 {
		if signIns, err = e.nameless(r); err != nil {
			return err
		}
	}
	if err := e.removeSignIns(ctx, r, signIns); err != nil {
		return err
	}
	if _, err := e.Accounts.Load(r.Account); damaged(err) {
		e.keepOrphans(r)
	}
	for _, s := range signIns {
		e.trials(ctx, r, s.Store)
	}
	if e.revoke && len(r.Revocations) == 0 {
		r.Revocations = []revocation{{Reason: "there was no refresh token to revoke"}}
	}
	e.removeSetups(ctx, r, only(r.Account))
	return e.entry(ctx, r, r.Account)
}

// removeSetups removes the account from the config files of other programs.
func (e *eraser) removeSetups(ctx context.Context, r *receipt, match func(string) bool) {
	for _, a := range e.ofSetups(e.wiring, match) {
		r.remove(ctx, a)
	}
}

// nameless returns the orphaned sign-ins if the account's file is too damaged
// to name its own: one of them was the account's.
func (e *eraser) nameless(r *receipt) ([]helper.Leftover, error) {
	mentioned, err := e.Accounts.Salvage(r.Account, []string{home.StoreFile})
	if err != nil || len(mentioned) > 0 {
		return nil, err // a copy: everything that it names is another account's
	}
	o, err := e.orphans()
	if len(o.signIns) == 0 {
		r.Artefacts = append(r.Artefacts, line{
			Kind: "credential", Where: "unknown", State: stateFailed,
			Reason: "the account's file names no sign-in; look for items of the service codex-cred in the keychain, then delete the file by hand",
		})
	}
	return o.signIns, err
}

// keepOrphans adds to the receipt the orphaned files that the unreadable part
// of a damaged account file may have named.
func (e *eraser) keepOrphans(r *receipt) {
	o, err := e.orphans()
	if err != nil || len(o.signIns) == 0 {
		return
	}
	for _, a := range o.files {
		r.keep(a, "no account names it; codex-cred erase --all removes it")
	}
}

// removeSignIns removes each sign-in. If a sign-in is listed with several
// stores, it tries them until it finds the item.
func (e *eraser) removeSignIns(ctx context.Context, r *receipt, signIns []helper.Leftover) error {
	removed := map[helper.ID]bool{}
	for i, s := range signIns {
		if removed[s.ID] {
			continue
		}
		more := slices.ContainsFunc(signIns[i+1:], func(l helper.Leftover) bool { return l.ID == s.ID })
		found, err := e.signIn(ctx, r, s, more)
		if err != nil {
			return err
		}
		removed[s.ID] = found
	}
	return nil
}

// mark records in the account's file that it is being erased. A damaged file
// stays as it is: nothing can use it.
func (e *eraser) mark(ctx context.Context, r *receipt) error {
	_, err := e.Accounts.Update(r.Account, func(a *helper.Account) error {
		if a.ID == "" {
			return helper.ErrNotFound // another erase finished first
		}
		a.Erasing = true
		return nil
	})
	switch {
	case errors.Is(err, helper.ErrNotFound):
		r.remove(ctx, e.lockFile(filelock.SignIn+r.Account))
	case damaged(err):
		e.Warn("warning: %s; looking for the ids in it", err)
		return nil
	}
	return err
}

// trials removes what a killed trial of the store left. If nothing is left, the
// receipt does not mention it. A trial in progress holds its lock and cleans up
// after itself.
func (e *eraser) trials(ctx context.Context, r *receipt, store string) {
	var left []artefact
	for _, a := range e.ofSignIn(helper.Leftover{ID: e.TrialID(), Store: store}) {
		if present, err := a.present(ctx); present && err == nil {
			left = append(left, a)
		}
	}
	if len(left) == 0 {
		return
	}
	name := string(e.TrialID())
	unlock, free, err := e.Locks.Try(name)
	if err != nil || !free {
		return
	}
	defer func() {
		_ = e.Locks.Remove(name)
		_ = unlock()
	}()
	for _, a := range left {
		r.remove(ctx, a)
	}
}

// entry removes the artefacts of the account's name, unless an item of the
// account could not be removed.
func (e *eraser) entry(ctx context.Context, r *receipt, name string) error {
	for _, a := range e.ofAccount(name) {
		if r.failed() {
			r.keep(a, "it stays until all else of the account is removed")
			continue
		}
		r.remove(ctx, a)
	}
	e.keepTable(r)
	return ctx.Err()
}

// keepTable adds to the receipt a table of hosts that cannot be read and may
// name the account: the next account of that name would answer its hosts.
func (e *eraser) keepTable(r *receipt) {
	if _, err := e.Hosts.Rows(); err != nil && !e.whole {
		r.keep(artefact{kind: "table of hosts", where: e.Hosts.Path()}, "it may name the account: "+exit.Line(err))
	}
}

// hold acquires the lock of the sign-in, which a refresh in flight may hold.
func (p *program) hold(ctx context.Context, w *wiring, id helper.ID) (unlock func() error, err error) {
	defer p.NoticeAfter("waiting for a refresh in flight to end")()
	ctx, cancel := context.WithTimeout(ctx, refreshWait)
	defer cancel()
	return w.Locks.Lock(ctx, string(id))
}

// holdAccount acquires the lock of the account's current sign-in. The caller
// must keep other sign-ins out.
func (p *program) holdAccount(ctx context.Context, w *wiring, account string) (unlock func() error, err error) {
	a, err := w.Accounts.Load(account)
	if err != nil {
		return nil, err
	}
	if unlock, err = p.hold(ctx, w, a.ID); err != nil {
		return nil, err
	}
	if found, err := w.Accounts.Load(account); err != nil || found.ID != a.ID {
		return nil, errors.Join(err, fmt.Errorf("the account was changed meanwhile: %w", helper.ErrConflict), unlock())
	}
	return unlock, nil
}

// refreshWait is longer than the longest refresh that may be in flight.
const refreshWait = worker.MaxTime + 10*time.Second

// signIn removes one sign-in under its lock, and reports whether it found the
// item. If more stores are left to search, the lock stays, because it may be
// the only record of the item.
func (e *eraser) signIn(ctx context.Context, r *receipt, s helper.Leftover, more bool) (bool, error) {
	unlock, err := e.hold(ctx, e.wiring, s.ID)
	if err != nil {
		return false, err
	}
	if e.revoke {
		r.Revocations = append(r.Revocations, e.revokeAt(ctx, s)...)
	}
	item := r.remove(ctx, e.item(s))
	if item == stateRemoved || item == stateAbsent && !more {
		for _, a := range e.besides(s) {
			r.remove(ctx, a)
		}
	}
	return item == stateRemoved, unlock()
}

// revokeAt asks the issuer to revoke the newest tokens. The refresh token comes
// first, because it could bring new access tokens.
func (e *eraser) revokeAt(ctx context.Context, s helper.Leftover) []revocation {
	store, err := e.Records.Stores.Store(s.Store)
	if err != nil {
		return []revocation{{Reason: exit.Line(err)}}
	}
	item, _, err := store.Get(ctx, string(s.ID))
	if errors.Is(err, helper.ErrNotFound) {
		return nil
	}
	if err != nil {
		return []revocation{{Reason: exit.Line(err)}}
	}
	c, err := helper.Decode(item)
	if err != nil {
		return []revocation{{Reason: exit.Line(err)}}
	}
	c = e.Rotation(e.at).Newest(ctx, helper.Account{ID: s.ID, Store: s.Store}, c)
	var answers []revocation
	for _, t := range []struct {
		kind, hint string
		token      helper.Secret
	}{{"refresh token", "refresh_token", c.RefreshToken}, {"access token", "access_token", c.AccessToken}} {
		if t.token.IsZero() {
			continue
		}
		v := revocation{Token: t.kind, Endpoint: terminal.Sanitize(c.Issuer.RevocationEndpoint), Revoked: true}
		if err := e.RefreshClient.Revoke(ctx, c.Issuer, t.token, t.hint); err != nil {
			v.Revoked, v.Reason = false, terminal.OneLine(err.Error())
		}
		answers = append(answers, v)
	}
	return answers
}

// sweep deletes the leftovers of the account: credentials that were replaced,
// moved or never finished. Those that cannot be deleted stay listed for a later
// erase.
func (p *program) sweep(ctx context.Context, w *wiring, a helper.Account) error {
	e := eraser{program: p, wiring: w}
	for _, l := range a.Leftovers {
		r := &receipt{}
		if _, err := e.signIn(ctx, r, l, false); err != nil {
			return fmt.Errorf("delete the replaced credential: %w", err)
		}
		if r.failed() {
			p.Warn("warning: the replaced credential could not be deleted and stays listed:\n%s", r.text())
			continue
		}
		if _, err := w.Accounts.Update(a.Name, helper.Forget(l.ID)); err != nil {
			return fmt.Errorf("delete the replaced credential: %w", err)
		}
	}
	return nil
}
