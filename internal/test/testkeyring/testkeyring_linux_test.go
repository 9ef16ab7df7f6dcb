package testkeyring_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// tool runs a program that finds the keyring by its variables, as the programs under test do.
func tool(t *testing.T, k *testkeyring.Keyring, input string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(cmd.Environ(), k.Env()...)
	cmd.Stdin = strings.NewReader(input)
	out, err := cmd.Output()
	return string(out), err
}

// store stores an item under the user name.
func store(t *testing.T, k *testkeyring.Keyring, user string) {
	t.Helper()
	_, err := tool(t, k, "content", "secret-tool", "store", "--label=test", "service", "codex-cred", "username", user)
	if err != nil {
		t.Fatal(err)
	}
}

func lookup(t *testing.T, k *testkeyring.Keyring, user string) string {
	t.Helper()
	out, err := tool(t, k, "", "secret-tool", "lookup", "service", "codex-cred", "username", user)
	if err != nil {
		t.Fatalf("look up %s: %v", user, err)
	}
	return out
}

func TestItems(t *testing.T) {
	k := testkeyring.Start(t)
	if got := k.Items(t); len(got) > 0 {
		t.Errorf("a new keyring has the items %q", got)
	}
	store(t, k, "one")
	store(t, k, "two")
	got := k.Items(t)
	slices.Sort(got)
	if !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("Items = %q, want one and two", got)
	}
	if got := lookup(t, k, "one"); got != "content" {
		t.Errorf("the item holds %q, want %q", got, "content")
	}
}

func TestKeyringsAreApart(t *testing.T) {
	k, other := testkeyring.Start(t), testkeyring.Start(t)
	store(t, k, "one")
	if got := other.Items(t); len(got) > 0 {
		t.Errorf("another keyring shows the items %q", got)
	}
}

func TestLockIsNoticed(t *testing.T) {
	k := testkeyring.Start(t)
	store(t, k, "one")
	k.Lock(t)
	if k.Prompted() {
		t.Error("Lock prompted")
	}
	if out, err := tool(t, k, "", "secret-tool", "lookup", "service", "codex-cred", "username", "one"); err == nil {
		t.Errorf("a locked item was read: %q", out)
	}
	if !k.Prompted() {
		t.Error("secret-tool asks for the password, and Prompted does not say so")
	}
	if got := k.Items(t); !slices.Equal(got, []string{"one"}) {
		t.Errorf("Items of a locked keyring = %q, want one", got)
	}
}

func TestStopContinueKill(t *testing.T) {
	k := testkeyring.Start(t)
	store(t, k, "one")
	k.Stop(t)
	if !k.Alive() {
		t.Error("a stopped daemon is not alive")
	}
	k.Continue(t)
	if got := lookup(t, k, "one"); got != "content" {
		t.Errorf("the item holds %q after Continue", got)
	}
	k.Kill()
	if k.Alive() {
		t.Error("a killed daemon is alive")
	}
}

// TestNothingIsLeft kills the keyring in every state.
func TestNothingIsLeft(t *testing.T) {
	testkeyring.Need(t)
	for state, reach := range map[string]func(t *testing.T, k *testkeyring.Keyring){
		"running": func(*testing.T, *testkeyring.Keyring) {},
		"stopped": func(t *testing.T, k *testkeyring.Keyring) { k.Stop(t) },
		"killed":  func(_ *testing.T, k *testkeyring.Keyring) { k.Kill() },
		"started again by the bus, and stopped": func(t *testing.T, k *testkeyring.Keyring) {
			k.Kill()
			k.Items(t)
			stopSuccessor(t, filepath.Dir(runtimeDir(t, k)))
		},
	} {
		t.Run(state, func(t *testing.T) {
			var dir string
			t.Run("keyring", func(t *testing.T) {
				k := testkeyring.Start(t)
				k.Setenv(t)
				dir = filepath.Dir(runtimeDir(t, k))
				reach(t, k)
			})
			wantNothing(t, dir)
		})
	}
}

func runtimeDir(t *testing.T, k *testkeyring.Keyring) string {
	t.Helper()
	for _, v := range k.Env() {
		if dir, ok := strings.CutPrefix(v, "XDG_RUNTIME_DIR="); ok {
			return dir
		}
	}
	t.Fatal("Env lacks XDG_RUNTIME_DIR")
	return ""
}

// stopSuccessor stops the daemon that the bus started.
func stopSuccessor(t *testing.T, dir string) {
	t.Helper()
	stopped := 0
	for _, environ := range processesOf(t, dir) {
		proc := filepath.Dir(environ)
		cmdline, err := os.ReadFile(filepath.Join(proc, "cmdline"))
		if err != nil || !strings.Contains(string(cmdline), "--start") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(proc))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		stopped++
	}
	if stopped != 1 {
		t.Errorf("the bus started %d daemons, want 1", stopped)
	}
}

// processesOf returns the processes that have the directory in their environment. Those of other
// users cannot be ours.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil || len(all) == 0 {
		t.Fatalf("found no processes at all: %v", err)
	}
	return slices.DeleteFunc(all, func(path string) bool {
		environ, err := os.ReadFile(path)
		return err != nil || !strings.Contains(string(environ), dir)
	})
}
