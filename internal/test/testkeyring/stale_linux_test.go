package testkeyring

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRemoveStale keeps a directory that is locked or new, and removes another.
func TestRemoveStale(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for name, old := range map[string]bool{"new": false, "held": true, "stale": true} {
		dir := filepath.Join(temp, dirPrefix+name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if at := time.Unix(0, 0); old {
			if err := os.Chtimes(dir, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	held, err := holdDir(filepath.Join(temp, dirPrefix+"held"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	removeStale()
	for name, want := range map[string]bool{"new": true, "held": true, "stale": false} {
		_, err := os.Lstat(filepath.Join(temp, dirPrefix+name))
		if got := !errors.Is(err, os.ErrNotExist); got != want {
			t.Errorf("%s is there: %t, want %t", name, got, want)
		}
	}
}
