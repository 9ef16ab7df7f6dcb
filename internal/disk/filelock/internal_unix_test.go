//go:build unix

package filelock

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// TestCurrent is the moment between taking a lock and relying on it.
func TestCurrent(t *testing.T) {
	t.Parallel()
	dir := safefile.Dir{Root: filepath.Join(t.TempDir(), "root"), Name: dirName}
	if err := dir.Create("x.lock"); err != nil {
		t.Fatal(err)
	}
	f := flock.New(dir.Path("x.lock"))
	if err := f.Lock(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Unlock() }()
	if !isCurrent(f) {
		t.Error("a lock on the file at its path is not current")
	}
	if err := dir.Remove("x.lock"); err != nil {
		t.Fatal(err)
	}
	if isCurrent(f) {
		t.Error("a lock on a deleted file is current")
	}
	if err := dir.Create("x.lock"); err != nil {
		t.Fatal(err)
	}
	if isCurrent(f) {
		t.Error("a lock on a file that was replaced is current")
	}
}

// TestTry_StartsOver: the file is deleted between its opening and the lock.
func TestTry_StartsOver(t *testing.T) {
	t.Parallel()
	dir := safefile.Dir{Root: filepath.Join(t.TempDir(), "root"), Name: dirName}
	takes := 0
	f, ok, err := try(dir, "x.lock", func(f *flock.Flock) (bool, error) {
		ok, err := f.TryLock()
		if takes++; takes < 3 {
			err = errors.Join(err, dir.Remove("x.lock"))
		}
		return ok, err
	})
	if err != nil || !ok {
		t.Fatalf("try = %v, %v", ok, err)
	}
	if !isCurrent(f) || takes != 3 {
		t.Errorf("after %d attempts the lock is not on the file at its path", takes)
	}
	if err := release(f); err != nil {
		t.Error(err)
	}
}
