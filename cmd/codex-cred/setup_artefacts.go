package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
)

// only matches one account.
func only(name string) func(string) bool { return func(account string) bool { return account == name } }

// except matches every account that is not in the list.
func except(names []string) func(string) bool {
	return func(account string) bool { return !slices.Contains(names, account) }
}

// every matches every account.
func every(string) bool { return true }

// ofSetups lists the setups of the matching accounts: our entries in the configs of other programs,
// each followed by its record.
func (p *program) ofSetups(w *wiring, match func(account string) bool) []artefact {
	names, _, err := w.Setups.List()
	if err != nil {
		return []artefact{broken("record of a setup", w.Setups.Folder(), err)}
	}
	var list []artefact
	for _, name := range names {
		r, err := w.Setups.Load(name)
		if err != nil && match("") {
			list = append(list, broken("record of a setup", w.Setups.Path(name), err))
		}
		if err == nil && match(r.Account) {
			list = append(list, p.ofSetup(w, r)...)
		}
	}
	return list
}

// warnSetups warns about programs that still request the account by its old name.
func (p *program) warnSetups(w *wiring, from, to string) {
	names, _, _ := w.Setups.List() // paths and erase report what cannot be read
	for _, name := range names {
		if r, err := w.Setups.Load(name); err == nil && r.Account == from {
			p.Warn("warning: %s still asks for %q; run: codex-cred setup %s %s --write%s",
				terminal.Sanitize(r.Client), from, terminal.Sanitize(r.Client), to, terminal.Sanitize(flagsOf(r)))
		}
	}
}

// flagsOf returns the flags of the record that name where tokens are sent.
func flagsOf(r setupdir.Record) string {
	switch {
	case r.Host != "":
		return " --host " + r.Host
	case r.BaseURL != "":
		return " --base-url " + r.BaseURL
	}
	return ""
}

// repairByHand is the hint for an unreadable record.
const repairByHand = "take out by hand what names codex-cred in the config of that program, then delete this file"

// broken is an artefact that cannot be read, and therefore not undone.
func broken(kind, where string, err error) artefact {
	err = fault.WithHint(err, repairByHand)
	return artefact{
		kind: kind, where: where,
		present: func(context.Context) (bool, error) { return false, err },
		remove:  func(context.Context) error { return err },
	}
}

func (p *program) ofSetup(w *wiring, r setupdir.Record) []artefact {
	record := artefact{
		kind: "record of a setup", where: w.Setups.Path(r.Name), present: filePresent(w.Setups.Path(r.Name)),
	}
	i := slices.IndexFunc(p.clients(), func(c client) bool { return c.name == r.Client })
	if i < 0 || p.clients()[i].undo == nil {
		err := fmt.Errorf("no client %q is known: %w", terminal.Sanitize(r.Client), helper.ErrNewer)
		return []artefact{broken(record.kind, record.where, err)}
	}
	c, s := p.clients()[i], &setup{program: p, wiring: w, Record: r}
	undone := true
	entry := artefact{
		kind: "setup of " + c.name, where: s.places(),
		present: func(ctx context.Context) (bool, error) { return c.present(ctx, s) },
		remove: func(ctx context.Context) error {
			err := s.alone(ctx, func(ctx context.Context) error { return c.undo(ctx, s) })
			undone = err == nil || errors.Is(err, helper.ErrNotFound)
			return err
		},
	}
	record.remove = func(context.Context) error {
		if !undone {
			return errors.New("it stays until the setup can be undone")
		}
		return w.Setups.Remove(r.Name)
	}
	return []artefact{entry, record}
}

// places describes where our entries are, for users.
func (s *setup) places() string {
	paths := make([]string, 0, len(s.Files))
	for _, f := range s.Files {
		paths = append(paths, f.Path)
	}
	if len(paths) == 0 {
		return "the configuration of " + s.Client
	}
	return strings.Join(paths, ", ")
}

// ofSetupFolder lists what remains after the last record was removed. Without a setup there is
// nothing.
func (w *wiring) ofSetupFolder() []artefact {
	if there, err := exists(w.Setups.Folder()); !there && err == nil {
		return nil
	}
	return []artefact{{
		kind: "lock", where: w.Setups.LockPath(), present: filePresent(w.Setups.LockPath()),
		remove: w.Setups.RemoveLock,
	}, directory(w.Setups.Folder())}
}
