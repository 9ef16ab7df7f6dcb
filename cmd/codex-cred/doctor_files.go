package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// checkPermissions checks the owner and the mode of all codex-cred's files and
// directories.
func (d *doctor) checkPermissions(context.Context) []finding {
	var found []finding
	files, folders := 0, d.folders()
	for _, root := range d.roots() {
		_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || d.isShim(path) {
				return nil
			}
			if filepath.Dir(path) == root && !slices.Contains(folders, path) || filepath.Dir(path) == d.Runs.Folder() {
				return pass(entry)
			}
			files++
			if err == nil || errors.Is(err, fs.ErrPermission) {
				err = safefile.Check(path) // its error names the owner
			}
			if err != nil && !errors.Is(err, helper.ErrNotFound) {
				found = append(found, exposed(path, err))
			}
			return nil
		})
	}
	if err := safefile.CheckRoot(d.Root); err != nil && len(found) == 0 {
		found = append(found, problemFrom(err))
	}
	return orOK(found, "%s of ours, open to nobody else", terminal.Plural(files, "file"))
}

// checkAncestors checks the directories above the roots, as sshd's StrictModes
// does: a user with write access there can replace codex-cred's directory.
func (d *doctor) checkAncestors(context.Context) []finding {
	var found []finding
	for _, root := range d.roots() {
		err := safefile.CheckAncestors(root)
		if err == nil {
			continue
		}
		// Both roots may lie below the same directory.
		if f := problemFrom(err); len(found) == 0 || found[0].What != f.What {
			found = append(found, f)
		}
	}
	return orOK(found, "nobody else can replace a directory above ours")
}

// roots returns the directories that contain everything codex-cred stores.
func (d *doctor) roots() []string {
	if d.Log.Root() == d.Root {
		return []string{d.Root}
	}
	return []string{d.Root, d.Log.Root()}
}

// folders returns codex-cred's own directories in the roots. Anything else
// there is the user's, who may have chosen a directory with other things in it.
func (d *doctor) folders() []string {
	list := []string{
		d.Accounts.Folder(), d.FileStore.Folder(), d.Locks.Folder(), d.Journals.Folder(), d.Hosts.Folder(),
		d.Shims.Folder(), d.Setups.Folder(), d.Runs.Folder(), d.Log.Folder(),
	}
	for i := range list {
		list[i] = filepath.Clean(list[i])
	}
	return list
}

// pass makes a directory walk skip the entry.
func pass(entry fs.DirEntry) error {
	if entry != nil && entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// isShim reports whether the path is a program of shim add, which is a link.
func (d *doctor) isShim(path string) bool {
	return filepath.Dir(path) == d.Shims.Folder() && filepath.Ext(path) != ".json"
}

// exposed returns the finding about a path that is refused. Only a wrong mode
// can be fixed.
func exposed(path string, err error) finding {
	f := problemFrom(err)
	if strings.HasPrefix(f.Fix, "chmod ") {
		return f.by(func(context.Context) error { return safefile.Tighten(path) })
	}
	return f
}

// youngest is the age at which a leftover file counts as abandoned: no process
// of codex-cred runs for that long.
const youngest = time.Hour

// checkFiles reports files in codex-cred's directories that belong to no
// account.
func (d *doctor) checkFiles(context.Context) []finding {
	o, err := d.orphans()
	if err != nil {
		return []finding{problemFrom(err)}
	}
	var found []finding
	for _, a := range o.files {
		found = append(found, d.stray(a.where))
	}
	return orOK(found, "none but those of the accounts")
}

// stray returns the finding about a file that belongs to no account. In the
// file store it may hold the tokens of an account whose file was lost; doctor
// leaves those to the user.
func (d *doctor) stray(path string) finding {
	if filepath.Dir(path) == d.Runs.Folder() {
		return d.strayRun(path)
	}
	rm := removing(path)
	secret := filepath.Dir(path) == filepath.Clean(d.FileStore.Folder())
	lock := filepath.Dir(path) == filepath.Clean(d.Locks.Folder())
	temporary := strings.HasPrefix(filepath.Base(path), ".")
	f := warning(rm, "%s belongs to no account", path)
	switch {
	case idOf(path) == d.TrialID() && d.trying():
		return skipped("%s is of a trial that is under way", path)
	case (temporary || lock || idOf(path) == d.TrialID()) && d.young(path):
		return skipped("%s is new: a process may be at it", path)
	case temporary:
		f.What = path + " is what a process left that was killed while it wrote"
	case secret:
		f = problem(rm, "%s may hold tokens, and no account has it", path)
	}
	if secret {
		f.State = verdictProblem
	}
	switch {
	case temporary:
		return f.by(func(context.Context) error { return os.Remove(path) })
	case lock:
		return f.by(func(ctx context.Context) error { return d.removeLock(ctx, path) })
	}
	return f
}

// strayRun returns the finding about the directory of a setup --verify that was
// killed.
func (d *doctor) strayRun(path string) finding {
	if d.young(path) {
		return skipped("%s is new: a program may be running in it", path)
	}
	return warning(d.fixIt(), "%s is what a killed setup --verify left", path).by(func(context.Context) error {
		return d.Runs.Remove(path)
	})
}

// young reports whether a process may still need the file, or has deleted it.
func (d *doctor) young(path string) bool {
	info, err := os.Lstat(path)
	return err != nil || d.Now().Sub(info.ModTime()) < youngest
}

// removing returns the command that deletes the file.
func removing(path string) string {
	if runtime.GOOS == "windows" {
		return `del "` + path + `"`
	}
	return "rm " + fault.Quote(path)
}

// removeLock deletes a lock that is not held. The lock of a sign-in may be the
// only record of an item in a store, so it stays while there may be one.
func (d *doctor) removeLock(ctx context.Context, path string) error {
	if id := idOf(path); id.Check() == nil {
		if err := d.holdsNothing(ctx, id); err != nil {
			return err
		}
	}
	name := strings.TrimSuffix(filepath.Base(path), ".lock")
	if !strings.HasPrefix(name, filelock.SignIn) {
		name = strings.Replace(name, ".", "/", 1)
	}
	unlock, free, err := d.Locks.Try(name)
	if err != nil {
		return err
	}
	if !free {
		return helper.ErrBusy
	}
	return errors.Join(d.Locks.Remove(name), unlock())
}

// holdsNothing returns an error if a store has an item of the sign-in, or
// cannot be read.
func (d *doctor) holdsNothing(ctx context.Context, id helper.ID) error {
	for _, word := range []string{home.StoreFile, home.StoreKeychain} {
		for _, name := range []string{string(id), id.Journal()} {
			a := d.inStore("credential", word, name)
			there, err := a.present(ctx)
			if err != nil {
				return err
			}
			if there {
				return fmt.Errorf("there is %s", a.where)
			}
		}
	}
	return nil
}

// checkLeftovers reports sign-ins that were replaced but not deleted, and
// erases that were not finished.
func (d *doctor) checkLeftovers(context.Context) []finding {
	var found []finding
	for _, o := range d.have {
		a := o.account
		switch {
		case a.Erasing && !d.changing(o.name):
			found = append(found, problem("codex-cred erase "+o.name, "an erase of it was not finished").of(o.name))
		case len(a.Leftovers) > 0 && !d.changing(o.name):
			what := terminal.Plural(len(a.Leftovers), "sign-in") + " that it had before could not be deleted"
			found = append(found, problem(d.fixIt(), "%s", what).of(o.name).by(func(ctx context.Context) error {
				return d.sweepAlone(ctx, o.name)
			}))
		}
	}
	return orOK(found, "no sign-in that was replaced is left")
}

// changing reports whether a sign-in, or another change of the account, is in
// progress. checkLocks reports it.
func (d *doctor) changing(name string) bool {
	_, held, err := d.Locks.Holder(filelock.SignIn + name)
	return err == nil && held
}

// sweepAlone deletes the leftovers of the account under its lock, so that no
// sign-in is in progress: a new credential is listed as a leftover until it is
// stored.
func (d *doctor) sweepAlone(ctx context.Context, name string) error {
	return d.withLock(ctx, name, func() error {
		a, err := d.Accounts.Load(name)
		if err != nil {
			return err
		}
		if err := d.sweep(ctx, d.wiring, a); err != nil {
			return err
		}
		if a, err = d.Accounts.Load(name); err == nil && len(a.Leftovers) > 0 {
			err = fmt.Errorf("%s could not be deleted: %w", terminal.Plural(len(a.Leftovers), "sign-in"), fault.ErrFindings)
		}
		return err
	})
}

// fixIt returns the command that fixes what is safe to fix.
func (d *doctor) fixIt() string { return "codex-cred doctor --fix" }
