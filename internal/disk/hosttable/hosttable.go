// Package hosttable keeps the accounts that answer for hosts, in one file. It holds no secret.
package hosttable

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

const (
	dirName   = "hosts"
	tableFile = "hosts.json"
	lockFile  = ".lock"

	// maxSize is the largest file in bytes: some thousand rows.
	maxSize = 1 << 20
	// lockWait is how long a change waits for other changes, which take milliseconds each.
	lockWait = 10 * time.Second
)

// ErrTable means that the table is ErrCorrupt.
var ErrTable = errors.New("the table of hosts")

// A Row assigns an account to a host.
type Row struct {
	Host    wire.Host
	Account string
	// Foreign allows the token of a ChatGPT account on a host that is not ChatGPT's.
	Foreign bool
}

// Table is the set of rows under one root. Its methods are safe for concurrent use, from several
// processes too. Errors are those of [safefile.Dir], ErrBusy if other changes took ten seconds, and
// ErrCorrupt.
type Table struct{ dir safefile.Dir }

// New returns the table under root, which is absolute. It does not touch the disk.
func New(root string) *Table { return &Table{safefile.Dir{Root: root, Name: dirName}} }

// Path returns the path of the rows.
func (t *Table) Path() string { return t.dir.Path(tableFile) }

// LockPath returns the path of the lock for changes.
func (t *Table) LockPath() string { return t.dir.Path(lockFile) }

// Folder returns the directory of both.
func (t *Table) Folder() string { return t.dir.Path("") }

// Files returns the paths of all files in the folder.
func (t *Table) Files() ([]string, error) { return t.dir.Files() }

// Rows returns all rows, ordered by host. It creates nothing; an absent table has no rows.
func (t *Table) Rows() ([]Row, error) {
	content, err := t.dir.Read(tableFile, maxSize)
	if errors.Is(err, helper.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := decode(content)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w is %w: %w", t.Path(), ErrTable, helper.ErrCorrupt, err)
	}
	return rows, nil
}

// Find returns the row of the host, or ErrNotFound.
func (t *Table) Find(host wire.Host) (Row, error) {
	rows, err := t.Rows()
	if err != nil {
		return Row{}, err
	}
	for _, r := range rows {
		if r.Host == host {
			return r, nil
		}
	}
	return Row{}, fmt.Errorf("the host %s is %w", host, helper.ErrNotFound)
}

// Put adds the row, or replaces that of the host.
func (t *Table) Put(row Row) error {
	return t.change(func(rows []Row) []Row {
		return append(without(rows, func(r Row) bool { return r.Host == row.Host }), row)
	})
}

// Remove deletes the row of the host, or returns ErrNotFound.
func (t *Table) Remove(host wire.Host) error {
	if _, err := t.Find(host); err != nil {
		return err
	}
	return t.change(func(rows []Row) []Row {
		return without(rows, func(r Row) bool { return r.Host == host })
	})
}

// Rename changes the account's name in its rows.
func (t *Table) Rename(from, to string) error {
	rows, err := t.Rows()
	if err != nil || !slices.ContainsFunc(rows, func(r Row) bool { return r.Account == from }) {
		return err
	}
	return t.change(func(rows []Row) []Row {
		for i := range rows {
			if rows[i].Account == from {
				rows[i].Account = to
			}
		}
		return rows
	})
}

// Clear deletes the table, readable or not, or returns ErrNotFound.
func (t *Table) Clear() error {
	if absent(t.Path()) {
		return helper.ErrNotFound
	}
	return t.withLock(func() error { return t.dir.Remove(tableFile) })
}

// RemoveLock deletes the lock for changes while it holds it, or returns ErrNotFound. Only an erase
// of everything calls it.
func (t *Table) RemoveLock() error {
	if absent(t.LockPath()) {
		return helper.ErrNotFound
	}
	return t.withLock(func() error { return t.dir.Remove(lockFile) })
}

func absent(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func without(rows []Row, drop func(Row) bool) []Row {
	return slices.DeleteFunc(slices.Clone(rows), drop)
}

// change replaces the rows; it deletes the file of an empty table.
func (t *Table) change(change func([]Row) []Row) error {
	return t.withLock(func() error {
		rows, err := t.Rows()
		if err != nil {
			return err
		}
		rows = change(rows)
		if len(rows) == 0 {
			return t.dir.Remove(tableFile)
		}
		slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Host.String(), b.Host.String()) })
		content, err := encode(rows)
		if err != nil {
			return err
		}
		return t.dir.Write(tableFile, content)
	})
}

// withLock calls change while no other process changes the table.
func (t *Table) withLock(change func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	unlock, err := filelock.Acquire(ctx, t.dir, lockFile)
	if err != nil {
		return err
	}
	return errors.Join(change(), unlock())
}
