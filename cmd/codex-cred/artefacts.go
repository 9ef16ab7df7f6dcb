package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/sharing"
	"github.com/codex-cred/codex-cred/refresh"
)

// An artefact is one thing that codex-cred stores on this computer. The
// functions of this file, and those of setup_artefacts.go for the config files
// of other programs, list every artefact that can exist; paths and erase both
// use them.
type artefact struct {
	kind    string
	where   string
	present func(ctx context.Context) (bool, error)
	remove  func(ctx context.Context) error // helper.ErrNotFound if it was absent
}

// ofSignIn lists the artefacts of one sign-in in the order of deletion: first
// those that hold secrets, last the lock that orders writers.
func (w *wiring) ofSignIn(l helper.Leftover) []artefact {
	return append([]artefact{w.item(l)}, w.besides(l)...)
}

// besides lists the artefacts of a sign-in other than its credential. The
// journal comes before its key: the key decrypts the journal, and is useless
// without it.
func (w *wiring) besides(l helper.Leftover) []artefact {
	list := append(w.keptAnswer(l), artefact{
		kind: "journal", where: w.Journals.Path(l.ID), present: filePresent(w.Journals.Path(l.ID)),
		remove: func(context.Context) error { return w.Journals.Remove(l.ID) },
	}, w.inStore("key of the journal", l.Store, l.ID.Journal()))
	for _, gate := range refresh.Gates(l.ID) {
		list = append(list, w.gateFile(gate))
	}
	return append(list, w.lockFile(string(l.ID)))
}

// keptAnswer lists the answer of the issuer that was saved because it could not
// be read, if there is one.
func (w *wiring) keptAnswer(l helper.Leftover) []artefact {
	path := w.Journals.KeptPath(l.ID)
	if there, err := exists(path); !there && err == nil {
		return nil
	}
	return []artefact{{
		kind: "journal", where: path, present: filePresent(path),
		remove: func(context.Context) error { return w.Journals.RemoveKept(l.ID) },
	}}
}

// hostsOf lists the hosts that the account answers. If the table cannot be
// read, tables lists it as a whole.
func (w *wiring) hostsOf(name string) []artefact {
	rows, _ := w.Hosts.Rows()
	var list []artefact
	for _, r := range rows {
		if r.Account != name {
			continue
		}
		list = append(list, artefact{
			kind: "host", where: r.Host.String() + " in " + w.Hosts.Path(),
			present: func(context.Context) (bool, error) {
				_, err := w.Hosts.Find(r.Host)
				return found(err)
			},
			remove: func(context.Context) error { return w.Hosts.Remove(r.Host) },
		})
	}
	return list
}

// tables lists the artefacts that can exist without an account: the table of
// hosts, and the programs of shim add.
func (w *wiring) tables() []artefact {
	var list []artefact
	if rows, err := w.Hosts.Rows(); err != nil || len(rows) > 0 {
		list = append(list, artefact{
			kind: "table of hosts", where: w.Hosts.Path(), present: filePresent(w.Hosts.Path()),
			remove: func(context.Context) error { return w.Hosts.Clear() },
		})
	}
	paths, _ := w.Shims.Files() // including leftovers of a killed shim add
	for _, path := range paths {
		list = append(list, file("program of shim add", path))
	}
	return list
}

// empties lists the lock and the directories that remain when tables has been
// removed, if they exist.
func (w *wiring) empties() []artefact {
	var list []artefact
	if there, err := exists(w.Hosts.Folder()); there || err != nil {
		list = append(list, artefact{
			kind: "lock", where: w.Hosts.LockPath(), present: filePresent(w.Hosts.LockPath()),
			remove: func(context.Context) error { return w.Hosts.RemoveLock() },
		}, directory(w.Hosts.Folder()))
	}
	for _, folder := range []string{w.Shims.Folder(), w.Runs.Folder()} {
		if there, err := exists(folder); there || err != nil {
			list = append(list, directory(folder))
		}
	}
	return list
}

// runFolder is the directory of a setup --verify run that was killed.
func (w *wiring) runFolder(path string) artefact {
	return artefact{
		kind: "folder for a run of a program", where: path, present: filePresent(path),
		remove: func(context.Context) error { return w.Runs.Remove(path) },
	}
}

// ofAccount lists the artefacts of an account's name. The account file must be
// deleted after everything that it names, so that no item is left without a
// record.
func (w *wiring) ofAccount(name string) []artefact {
	list := append(w.hostsOf(name), artefact{
		kind:    "account file",
		where:   w.Accounts.Path(name),
		present: filePresent(w.Accounts.Path(name)),
		remove:  func(context.Context) error { return w.Accounts.Remove(name) },
	}, w.lockFile(filelock.SignIn+name))
	if chosen, err := w.Accounts.Default(); err == nil && chosen == name {
		list = append(list, w.choice()...)
	}
	return list
}

// choice lists the file with the choice of the default account, if it exists.
func (w *wiring) choice() []artefact {
	path := w.Accounts.DefaultPath()
	if !w.Accounts.HasDefault() {
		return nil
	}
	return []artefact{{
		kind: "choice of the default account", where: path, present: filePresent(path),
		remove: func(context.Context) error { return w.Accounts.RemoveDefault() },
	}}
}

func (w *wiring) item(l helper.Leftover) artefact {
	return w.inStore("credential", l.Store, string(l.ID))
}

func (w *wiring) inStore(kind, word, name string) artefact {
	return artefact{
		kind:  kind,
		where: w.Location(word, name),
		present: func(ctx context.Context) (bool, error) {
			store, err := w.Records.Stores.Store(word)
			if err != nil {
				return false, err
			}
			_, _, err = store.Get(ctx, name)
			return found(err)
		},
		remove: func(ctx context.Context) error { return w.Keeper.DeleteItem(ctx, word, name) },
	}
}

// gateFile is the lock file of a gate. Its remove acquires the gate first,
// because a caller may hold it and be about to release it.
func (w *wiring) gateFile(name string) artefact {
	a := w.lockFile(name)
	a.remove = func(ctx context.Context) error {
		if present, err := a.present(ctx); err == nil && !present {
			return helper.ErrNotFound
		}
		ctx, cancel := context.WithTimeout(ctx, onlySignInWait)
		defer cancel()
		unlock, err := w.Locks.Lock(ctx, name)
		if err != nil {
			return err
		}
		return errors.Join(w.Locks.Remove(name), unlock())
	}
	return a
}

func (w *wiring) lockFile(name string) artefact {
	return artefact{
		kind:    "lock",
		where:   w.Locks.Path(name),
		present: filePresent(w.Locks.Path(name)),
		remove:  func(context.Context) error { return w.Locks.Remove(name) },
	}
}

// ofRoot lists the artefacts that remain after the last account is erased, and
// those that belonged to no account.
func (w *wiring) ofRoot() []artefact {
	var list []artefact
	chosen, err := w.Accounts.Default()
	if err == nil {
		_, err = w.Accounts.Load(chosen)
	}
	if err != nil { // otherwise the choice belongs to that account
		list = w.choice()
	}
	if there, err := exists(w.Locks.Path(filelock.Keychain)); there || err != nil { // on macOS
		list = append(list, w.lockFile(filelock.Keychain))
	}
	list = append(append(list, w.empties()...), w.ofSetupFolder()...)
	return append(list, []artefact{
		{
			kind: "lock", where: w.Accounts.LockPath(), present: filePresent(w.Accounts.LockPath()),
			remove: func(context.Context) error { return w.Accounts.RemoveLock() },
		},
		directory(w.Accounts.Folder()),
		directory(w.FileStore.Folder()),
		directory(w.Locks.Folder()),
		directory(w.Journals.Folder()),
		directory(w.Root),
	}...)
}

func file(kind, path string) artefact {
	return artefact{kind: kind, where: path, present: filePresent(path), remove: func(context.Context) error {
		return gone(sharing.Remove(path))
	}}
}

// directory is a directory that is removed only if empty: it may hold files of
// other programs.
func directory(path string) artefact {
	return artefact{kind: "directory", where: path, present: filePresent(path), remove: func(context.Context) error {
		err := gone(os.Remove(path))
		if err == nil || errors.Is(err, helper.ErrNotFound) {
			return err
		}
		if entries, readErr := os.ReadDir(path); readErr == nil && len(entries) > 0 {
			return fmt.Errorf("it holds something else: %s", terminal.Sanitize(entries[0].Name()))
		}
		return err
	}}
}

// gone replaces fs.ErrNotExist by helper.ErrNotFound.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return helper.ErrNotFound
	}
	return err
}

func filePresent(path string) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) { return exists(path) }
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	return found(gone(err))
}

// found reports whether a read found something, given its error. That there is
// nothing is no error.
func found(err error) (bool, error) {
	if errors.Is(err, helper.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
