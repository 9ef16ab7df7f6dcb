package testkeyring_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// TestNothingIsLeftOfAFailure ends every failure before it is used.
func TestNothingIsLeftOfAFailure(t *testing.T) {
	testkeyring.Need(t)
	for _, failure := range testkeyring.Failures() {
		t.Run(string(failure), func(t *testing.T) {
			dir := ""
			t.Run("keyring", func(t *testing.T) {
				k := testkeyring.Fail(t, failure, "one")
				dir = filepath.Dir(runtimeDir(t, k))
				if left := k.Leftovers(t); len(left) > 0 {
					t.Errorf("a keyring takes its own processes for others: %q", left)
				}
				if k.Prompted() {
					t.Error("a person was asked before anybody called")
				}
			})
			wantNothing(t, dir)
		})
	}
}

func wantNothing(t *testing.T, dir string) {
	t.Helper()
	if dir == "" {
		return // a part is missing
	}
	if _, err := os.Lstat(dir); !os.IsNotExist(err) {
		t.Errorf("the files in %q are left: %v", dir, err)
	}
	if left := processesOf(t, dir); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
}

// TestStrangers leaves a bus behind, as a careless program does.
func TestStrangers(t *testing.T) {
	testkeyring.Need(t)
	dir := ""
	t.Run("keyring", func(t *testing.T) {
		k := testkeyring.Fail(t, testkeyring.NoBusButLaunch, "one")
		dir = filepath.Dir(runtimeDir(t, k))
		cmd := exec.CommandContext(t.Context(), "dbus-launch")
		cmd.Env = append(cmd.Environ(), k.Env()...)
		if err := cmd.Run(); err != nil {
			t.Fatal(err)
		}
		if len(k.Leftovers(t)) == 0 {
			t.Error("the bus that was left behind is not seen")
		}
	})
	wantNothing(t, dir)
}

// TestFailuresHideAnItem checks that the item exists which programs cannot read.
func TestFailuresHideAnItem(t *testing.T) {
	for _, failure := range []testkeyring.Failure{testkeyring.Locked, testkeyring.LockedAsking, testkeyring.WrongPassword, testkeyring.Killed} {
		t.Run(string(failure), func(t *testing.T) {
			k := testkeyring.Fail(t, failure, "one")
			// A daemon that never unlocked the collection does not know the names.
			if got := k.Items(t); len(got) != 1 {
				t.Errorf("Items = %q, want one", got)
			}
		})
	}
}
