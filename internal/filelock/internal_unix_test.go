//go:build unix

package filelock

import (
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"github.com/codex-cred/codex-cred/internal/safefile"
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
	if !current(f) {
		t.Error("a lock on the file at its path is not current")
	}
	if err := dir.Remove("x.lock"); err != nil {
		t.Fatal(err)
	}
	if current(f) {
		t.Error("a lock on a deleted file is current")
	}
	if err := dir.Create("x.lock"); err != nil {
		t.Fatal(err)
	}
	if current(f) {
		t.Error("a lock on a file that was replaced is current")
	}
}
