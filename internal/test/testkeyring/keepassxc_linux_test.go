package testkeyring

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLockWhileKeePassXCSaves locks during a save, in which KeePassXC drops requests.
func TestLockWhileKeePassXCSaves(t *testing.T) {
	x := startKeePassXC(t, Confirm{}, time.Second)
	x.keyring.store(t, "item")
	x.Lock(t)
}

// TestKeePassXCIsPrivate checks that instances do not find each other: KeePassXC hands its work to
// a running instance, which it finds by a lock and a socket.
func TestKeePassXCIsPrivate(t *testing.T) {
	var dir string
	t.Run("run", func(t *testing.T) {
		x := StartKeePassXC(t, Confirm{})
		dir = x.keyring.dir
		locks, err := filepath.Glob(filepath.Join(dir, "run", "keepassxc*.lock"))
		if err != nil || len(locks) != 1 {
			t.Errorf("its lock is not in its own directory: %q, %v", locks, err)
		}
	})
	if _, err := os.Lstat(dir); dir != "" && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the files in %q are left: %v", dir, err)
	}
}
