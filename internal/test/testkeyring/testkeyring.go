// Package testkeyring runs a real Secret Service for a test: a private D-Bus bus and a
// gnome-keyring daemon with an unlocked login collection, or KeePassXC with an unlocked database.
// Start with [Start] or [StartKeePassXC], with [Fail] for one that fails, or with [Open] in a
// program that is not a test. It never uses the bus, the keyring or the home of the user that runs
// it.
package testkeyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// Part is the part that requires the daemons, see [parts.Need].
const Part = "gnome-keyring"

// A Keyring is a bus and a keyring daemon, or what [Fail] makes of them. Its methods are safe for
// concurrent use, except those that stop, continue or kill the daemon.
type Keyring struct {
	dir      string
	tools    map[string]string   // path of each program
	services map[string][]string // commands that the bus starts, by name on it
	limits   string              // additional limits of the bus
	uid      int                 // of the daemons; 0 is this process's
	address  string
	path     string // PATH of the programs; empty: that of the test
	bus      *process
	daemon   *process
	asked    chan struct{} // see Asked
	ends     []func()      // called in reverse order by Close
	held     *os.File      // the locked directory, see holdDir
	patience time.Duration // bounds every wait for a daemon or a tool
}

// Start starts a keyring until the end of the test. Without the daemons the test ends as
// [parts.Need] decides. On Linux the daemons are killed with this process.
func Start(t testing.TB) *Keyring {
	t.Helper()
	k := prepare(t)
	k.run(t, "")
	return k
}

// Open starts a keyring for a program that is not a test. The caller closes it.
func Open() (*Keyring, error) {
	tools, err := findTools()
	if err != nil {
		return nil, err
	}
	k := &Keyring{tools: tools, patience: time.Minute}
	if err = k.makeDirs(); err == nil {
		k.offer()
		err = k.startBus()
	}
	if err == nil {
		err = k.startDaemon("--unlock", password)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a private keyring: %w", err), k.Close())
	}
	return k, nil
}

// prepare returns a gnome-keyring that is not started yet.
func prepare(t testing.TB) *Keyring {
	t.Helper()
	k := makeDirs(t, need(t))
	k.offer()
	return k
}

// offer sets what the bus starts for a call.
func (k *Keyring) offer() {
	k.services = map[string][]string{
		// As on a desktop, the bus restarts the daemon.
		busName: {k.tools["gnome-keyring-daemon"], "--start", "--foreground", "--components=secrets"},
		// The password prompt leaves a trace and fails.
		prompterName: {k.tools["sh"], "-c", `": >` + k.promptTrace() + `; exit 1"`},
	}
}

func makeDirs(t testing.TB, tools map[string]string) *Keyring {
	t.Helper()
	k := &Keyring{tools: tools, patience: parts.Patience(t)}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Errorf("close the private keyring: %v", err)
		}
	})
	k.must(t, "start a private keyring", k.makeDirs())
	return k
}

// makeDirs makes the directories in a short path, because that of a socket has at most 107 bytes.
func (k *Keyring) makeDirs() (err error) {
	removeStale()
	if k.dir, err = os.MkdirTemp("", dirPrefix); err != nil {
		return err
	}
	if k.held, err = holdDir(k.dir); err != nil {
		return err
	}
	for _, sub := range []string{"run", "home", "services"} {
		if err := os.Mkdir(filepath.Join(k.dir, sub), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// Need ends the test as [parts.Need] decides if the daemons are missing.
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
	return findAll("dbus-daemon", "gnome-keyring-daemon", "secret-tool", "sh")
}

func findAll(names ...string) (map[string]string, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the Secret Service is for Linux")
	}
	k := &Keyring{tools: map[string]string{}}
	for _, name := range names {
		if err := k.find(name); err != nil {
			return nil, err
		}
	}
	return k.tools, nil
}

func (k *Keyring) find(tool string) (err error) {
	k.tools[tool], err = exec.LookPath(tool)
	return err
}

// Env returns the variables, NAME=VALUE, with which a program finds the keyring.
func (k *Keyring) Env() []string {
	env := []string{"DBUS_SESSION_BUS_ADDRESS=" + k.address, "XDG_RUNTIME_DIR=" + k.runtimeDir()}
	if k.path != "" {
		env = append(env, "PATH="+k.path)
	}
	return env
}

// Setenv sets the variables in this process until the end of the test.
func (k *Keyring) Setenv(t testing.TB) {
	t.Helper()
	for _, v := range k.Env() {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

func (k *Keyring) runtimeDir() string { return filepath.Join(k.dir, "run") }

// Close kills the daemons and what others left, and removes the directories. The end of a test
// calls it.
func (k *Keyring) Close() error {
	if k.dir == "" {
		return nil
	}
	for _, end := range slices.Backward(k.ends) {
		end()
	}
	errs := []error{k.killSuccessor()}
	for _, p := range []*process{k.daemon, k.bus} {
		if p != nil {
			p.kill()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	left, err := k.strangers()
	errs = append(errs, err)
	for _, p := range left {
		if err := endOther(ctx, p.pid); err != nil {
			errs = append(errs, fmt.Errorf("end %s: %w", p, err))
		}
	}
	errs = append(errs, os.RemoveAll(k.dir))
	if k.held != nil {
		errs = append(errs, k.held.Close())
	}
	return errors.Join(errs...)
}
