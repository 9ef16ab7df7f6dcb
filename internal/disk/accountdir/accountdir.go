package accountdir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const (
	dirName  = "accounts"
	lockFile = ".lock"
	suffix   = ".json"

	// maxSize is the largest account file in bytes. A record has about 450 bytes and 70 for each
	// leftover.
	maxSize = 64 << 10

	// lockWait is how long a change waits for other changes, which take milliseconds each.
	lockWait = 10 * time.Second
)

// Dir is the set of records under one root. Its methods are safe for concurrent use.
type Dir struct {
	// dir creates the folder only for a new record and for a choice of the default: otherwise the
	// folder exists, or is absent for a moment.
	dir  safefile.Dir
	now  func() time.Time
	wait time.Duration // for other changes
}

var _ helper.Accounts = (*Dir)(nil)

// New returns the records under root, which is absolute. It does not touch the disk.
func New(root string, now func() time.Time) *Dir {
	return &Dir{dir: safefile.Dir{Root: root, Name: dirName, Makes: safefile.MakesNothing}, now: now, wait: lockWait}
}

// Path returns the path of the record.
func (d *Dir) Path(name string) string { return d.dir.Path(name + suffix) }

// Folder returns the directory of the records.
func (d *Dir) Folder() string { return d.dir.Path("") }

// Files returns the paths of all files in the folder: records, the lock, and what an interrupted
// change left.
func (d *Dir) Files() ([]string, error) { return d.dir.Files() }

// LockPath returns the path of the lock for changes.
func (d *Dir) LockPath() string { return d.dir.Path(lockFile) }

// RemoveLock deletes the lock for changes while it holds it, or returns ErrNotFound. Only an erase
// of everything calls it.
func (d *Dir) RemoveLock() error {
	if _, err := os.Lstat(d.LockPath()); errors.Is(err, fs.ErrNotExist) {
		return helper.ErrNotFound
	}
	return d.withLock(func() error { return d.dir.Remove(lockFile) })
}

// Load implements [helper.Accounts]. ErrCorrupt describes the fault of the file. It creates
// nothing.
func (d *Dir) Load(name string) (helper.Account, error) {
	if err := helper.CheckName(name); err != nil {
		return helper.Account{}, err
	}
	content, err := d.dir.Read(name+suffix, maxSize)
	if errors.Is(err, helper.ErrNotFound) {
		return helper.Account{}, fmt.Errorf("there is no sign-in under this name: %w", helper.ErrNotFound)
	}
	if err != nil {
		return helper.Account{}, err
	}
	a, err := decode(content, name)
	if err != nil {
		return helper.Account{}, fmt.Errorf("read %s: %w", d.Path(name), err)
	}
	return a, nil
}

// Update implements [helper.Accounts]. It sets Updated, and Created if that is zero. ErrBusy: other
// changes took ten seconds.
//
// A record that cannot be read is not changed: Update returns the error of Load. If the folder is
// absent Update calls change first, and creates nothing if change returns an error.
func (d *Dir) Update(name string, change func(*helper.Account) error) (helper.Account, error) {
	if err := helper.CheckName(name); err != nil {
		return helper.Account{}, err
	}
	a, err := d.lockedUpdate(name, change)
	if errors.Is(err, errNoFolder) {
		if err := change(&helper.Account{Name: name}); err != nil {
			return helper.Account{}, err
		}
		return d.creating().lockedUpdate(name, change)
	}
	return a, err
}

// creating returns the same records, which create their folder.
func (d *Dir) creating() *Dir {
	making := *d
	making.dir.Makes = safefile.MakesAll
	return &making
}

// errNoFolder is the error of an absent folder.
var errNoFolder = errors.New("the folder of the accounts is absent")

func (d *Dir) lockedUpdate(name string, change func(*helper.Account) error) (a helper.Account, err error) {
	err = d.withLock(func() (err error) {
		a, err = d.update(name, change)
		return err
	})
	if err != nil {
		return helper.Account{}, err
	}
	return a, nil
}

func (d *Dir) update(name string, change func(*helper.Account) error) (helper.Account, error) {
	a, err := d.Load(name)
	if errors.Is(err, helper.ErrNotFound) {
		a, err = helper.Account{Name: name}, nil
	}
	if err != nil {
		return helper.Account{}, err
	}
	if err := change(&a); err != nil {
		return helper.Account{}, err
	}
	a.Updated = d.now()
	if a.Created.IsZero() {
		a.Created = a.Updated
	}
	content, err := encode(a, name)
	if err != nil {
		return helper.Account{}, fmt.Errorf("write %s: %w", d.Path(name), err)
	}
	if err := d.dir.Write(name+suffix, content); err != nil {
		return helper.Account{}, markNoFolder(err)
	}
	return decode(content, name)
}

// Remove implements [helper.Accounts]. It deletes unreadable records too.
func (d *Dir) Remove(name string) error {
	if err := helper.CheckName(name); err != nil {
		return err
	}
	if _, err := d.dir.Read(name+suffix, maxSize); errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return d.withLock(func() error { return d.dir.Remove(name + suffix) })
}

// List implements [helper.Accounts]. It creates nothing.
func (d *Dir) List() ([]string, error) {
	files, err := d.dir.Names()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, file := range files {
		name, ok := strings.CutSuffix(file, suffix)
		if ok && helper.CheckName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// withLock calls change while no other process changes a record.
func (d *Dir) withLock(change func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d.wait)
	defer cancel()
	unlock, err := filelock.Acquire(ctx, d.dir, lockFile)
	if err != nil {
		return markNoFolder(err)
	}
	return errors.Join(change(), unlock())
}

// markNoFolder adds errNoFolder to the error of an absent folder.
func markNoFolder(err error) error {
	if errors.Is(err, helper.ErrNotFound) {
		return fmt.Errorf("%w: %w", errNoFolder, err)
	}
	return err
}
