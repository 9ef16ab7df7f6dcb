// Package testkeyring runs a real Secret Service for a test: a private D-Bus
// bus and a gnome-keyring daemon of its own, with an open login collection.
// Start with [Start]. It never meets the bus, the keyring or the home of the
// person who runs the tests.
package testkeyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/parts"
)

// Part is the name that tests require it by, see [parts.Need].
const Part = "gnome-keyring"

// patience bounds every wait for a daemon or a tool.
const patience = 30 * time.Second

// A Keyring is a running bus and keyring daemon. Its methods may be called from
// several goroutines, except those that stop, continue or kill the daemon.
type Keyring struct {
	dir     string
	tools   map[string]string // path of each program
	address string
	bus     *process
	daemon  *process
}

// Start starts a keyring that lasts until the end of the test. Without the
// daemons the test ends as [parts.Need] decides. On Linux the daemons die with
// the test process, however that ends.
func Start(t testing.TB) *Keyring {
	t.Helper()
	k := &Keyring{tools: need(t)}
	t.Cleanup(func() { k.close(t) })
	if err := k.start(); err != nil {
		t.Fatalf("start a private keyring: %v", err)
	}
	return k
}

// Need ends the test as [parts.Need] decides where the daemons are missing.
func Need(t testing.TB) {
	t.Helper()
	need(t)
}

func need(t testing.TB) map[string]string {
	t.Helper()
	tools, err := findTools()
	parts.Need(t, Part, err)
	return tools
}

func findTools() (map[string]string, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the Secret Service is for Linux")
	}
	tools := map[string]string{}
	for _, name := range []string{"dbus-daemon", "gnome-keyring-daemon", "secret-tool", "sh"} {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, err
		}
		tools[name] = path
	}
	return tools, nil
}

// Env returns the variables, NAME=VALUE, with which a program finds the keyring.
func (k *Keyring) Env() []string {
	return []string{"DBUS_SESSION_BUS_ADDRESS=" + k.address, "XDG_RUNTIME_DIR=" + k.runtimeDir()}
}

// Setenv sets the variables in this process until the end of the test.
func (k *Keyring) Setenv(t testing.TB) {
	t.Helper()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", k.address)
	t.Setenv("XDG_RUNTIME_DIR", k.runtimeDir())
}

func (k *Keyring) runtimeDir() string { return filepath.Join(k.dir, "run") }

// start makes the directories and starts both daemons. They are in a short
// path of their own, because that of a socket has at most 107 bytes.
func (k *Keyring) start() error {
	dir, err := os.MkdirTemp("", "keyring")
	if err != nil {
		return err
	}
	k.dir = dir
	for _, sub := range []string{"run", "home", "services"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := k.startBus(ctx); err != nil {
		return fmt.Errorf("start the bus: %w", err)
	}
	if err := k.startDaemon(ctx); err != nil {
		return fmt.Errorf("start the keyring daemon: %w", err)
	}
	return nil
}

// close kills the daemons and removes their files, as far as they exist.
func (k *Keyring) close(t testing.TB) {
	t.Helper()
	if k.daemon != nil {
		k.daemon.kill()
		if err := k.killSuccessor(); err != nil {
			t.Errorf("kill the keyring daemon that the bus started: %v", err)
		}
	}
	if k.bus != nil {
		k.bus.kill()
	}
	if k.dir == "" {
		return
	}
	if err := os.RemoveAll(k.dir); err != nil {
		t.Errorf("remove the private keyring: %v", err)
	}
}
