package main

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

// orphans is what exists below the root and belongs to no account. Killed processes leave it
// behind, and so do accounts whose file was lost or damaged.
type orphans struct {
	// signIns have a lock or a stored item but no account. The store of the item is unknown, so each
	// sign-in is listed once for every store.
	signIns []helper.Leftover
	files   []artefact
}

// orphans reads the files of sign-ins before it reads which files the accounts claim: a sign-in
// claims its files before it creates them. If an account's file has a newer format, its files are
// unknown, and orphans reports nothing.
func (w *wiring) orphans() (orphans, error) {
	var paths []string
	for _, files := range []func() ([]string, error){
		w.FileStore.Files, w.Journals.Files, w.Locks.Files, w.Accounts.Files, w.Hosts.Files,
	} {
		found, err := files()
		if err != nil {
			return orphans{}, err
		}
		paths = append(paths, found...)
	}
	claimed, err := w.claimed()
	if errors.Is(err, helper.ErrNewer) {
		return orphans{}, nil
	}
	if err != nil {
		return orphans{}, err
	}
	_, strays, err := w.Setups.List()
	if err != nil {
		return orphans{}, err
	}
	runs, err := w.Runs.Files()
	if err != nil {
		return orphans{}, err
	}
	var o orphans
	for _, path := range runs {
		o.files = append(o.files, w.runFolder(path))
	}
	for _, path := range strays {
		o.files = append(o.files, file("stray file", path))
	}
	ids := map[helper.ID]bool{}
	for _, path := range paths {
		if claimed[path] {
			continue
		}
		o.files = append(o.files, file("stray file", path))
		if id := idOf(path); id.Check() == nil {
			ids[id] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		o.signIns = append(
			o.signIns, helper.Leftover{ID: id, Store: home.StoreFile}, helper.Leftover{ID: id, Store: home.StoreKeychain},
		)
	}
	return o, nil
}

// trying reports whether a process is testing a store at this moment, see [home.Home.Probe]. The
// test's item and lock are then not orphans.
func (w *wiring) trying() bool {
	_, held, err := w.Locks.Holder(string(w.TrialID()))
	return err == nil && held
}

// idOf returns the ID in the file's name. The result may be invalid.
func idOf(path string) helper.ID {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return helper.ID(name)
}

// claimed returns the paths of the files that belong to accounts.
func (w *wiring) claimed() (map[string]bool, error) {
	names, err := w.Accounts.List()
	if err != nil {
		return nil, err
	}
	claimed := map[string]bool{
		w.Accounts.LockPath(): true, w.Accounts.DefaultPath(): true, w.Hosts.Path(): true, w.Hosts.LockPath(): true,
		w.Locks.Path(filelock.Keychain): true,
	}
	for _, name := range names {
		claimed[w.Accounts.Path(name)] = true
		claimed[w.Locks.Path(filelock.SignIn+name)] = true
		signIns, err := w.signIns(name)
		if err != nil && !errors.Is(err, helper.ErrNotFound) {
			return nil, err
		}
		for _, s := range signIns {
			for _, path := range []string{
				w.Locks.Path(string(s.ID)), w.Locks.Path(refresh.GateName(s.ID)), w.Locks.Path(refresh.NextName(s.ID)),
				w.Journals.Path(s.ID), w.Journals.KeptPath(s.ID), w.FileStore.Path(string(s.ID)), w.FileStore.Path(s.ID.Journal()),
			} {
				claimed[path] = true
			}
		}
	}
	return claimed, nil
}

// signIns returns the sign-ins of the account. From a damaged record it returns what can be
// recovered, which may be nothing.
func (w *wiring) signIns(name string) ([]helper.Leftover, error) {
	a, err := w.Accounts.Load(name)
	if damaged(err) {
		return w.salvage(name)
	}
	if err != nil {
		return nil, err
	}
	return append(a.Leftovers, helper.Leftover{ID: a.ID, Store: a.Store}), nil
}

// salvage returns the sign-ins that can be recovered from a damaged record. It omits those of other
// accounts, because the damaged file may be a copy of another account's file.
func (w *wiring) salvage(name string) ([]helper.Leftover, error) {
	found, err := w.Accounts.Salvage(name, []string{home.StoreFile, home.StoreKeychain})
	if err != nil {
		return nil, err
	}
	names, err := w.Accounts.List()
	if err != nil {
		return nil, err
	}
	for _, other := range names {
		a, err := w.Accounts.Load(other)
		if err != nil {
			continue // an unreadable record names no sign-in
		}
		found = slices.DeleteFunc(found, func(l helper.Leftover) bool {
			return l.ID == a.ID || slices.ContainsFunc(a.Leftovers, func(o helper.Leftover) bool { return o.ID == l.ID })
		})
	}
	return found, nil
}

// damaged reports whether no version of codex-cred can read the record.
func damaged(err error) bool {
	return errors.Is(err, helper.ErrCorrupt) && !errors.Is(err, helper.ErrNewer)
}
