package testkeyring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

// Lock locks the login collection, as a person can in the keyring's window.
func (k *Keyring) Lock(t testing.TB) {
	t.Helper()
	err := k.onBus(func(ctx context.Context, service dbus.BusObject) error {
		var (
			locked []dbus.ObjectPath
			prompt dbus.ObjectPath
		)
		err := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{loginPath}).Store(&locked, &prompt)
		if err == nil && len(locked) != 1 {
			err = errors.New("it stayed open")
		}
		return err
	})
	if err != nil {
		t.Fatalf("lock the keyring: %v", err)
	}
}

// Unlock unlocks the login collection without the window.
func (k *Keyring) Unlock(t testing.TB) {
	t.Helper()
	err := k.onBus(func(ctx context.Context, service dbus.BusObject) error {
		var (
			output  dbus.Variant
			session dbus.ObjectPath
		)
		err := service.CallWithContext(ctx, "org.freedesktop.Secret.Service.OpenSession", 0, "plain", dbus.MakeVariant("")).Store(&output, &session)
		if err != nil {
			return err
		}
		master := struct {
			Session           dbus.ObjectPath
			Parameters, Value []byte
			ContentType       string
		}{session, nil, []byte(password), "text/plain"}
		const unlock = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface.UnlockWithMasterPassword"
		return service.CallWithContext(ctx, unlock, 0, dbus.ObjectPath(loginPath), master).Err
	})
	if err != nil {
		t.Fatalf("unlock the keyring: %v", err)
	}
}

// onBus calls f with the Secret Service on a new connection.
func (k *Keyring) onBus(f func(ctx context.Context, service dbus.BusObject) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	conn, err := dbus.Connect(k.address, dbus.WithContext(ctx))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	service := conn.Object(busName, "/org/freedesktop/secrets")
	// The first call has no effect: gnome-keyring may crash in others.
	var all dbus.Variant
	err = service.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, "org.freedesktop.Secret.Service", "Collections").Store(&all)
	if err != nil {
		return err
	}
	return f(ctx, service)
}

// Stop stops the keyring daemon with a signal: it exists and does not answer.
func (k *Keyring) Stop(t testing.TB) {
	t.Helper()
	if err := k.daemon.stop(); err != nil {
		t.Fatalf("stop the keyring daemon: %v", err)
	}
}

// Continue undoes Stop.
func (k *Keyring) Continue(t testing.TB) {
	t.Helper()
	if err := k.daemon.proceed(); err != nil {
		t.Fatalf("continue the keyring daemon: %v", err)
	}
}

// Kill kills the keyring daemon. At the next call the bus starts another one, whose login
// collection is locked.
func (k *Keyring) Kill() { k.daemon.kill() }

// KillBus kills the bus.
func (k *Keyring) KillBus() { k.bus.kill() }

// killSuccessor kills the daemon that the bus started after the first one was killed, if there is
// one.
func (k *Keyring) killSuccessor() error {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	pid, err := k.provider(ctx)
	if err != nil || pid == 0 || pid == os.Getpid() { // a test can be the Secret Service itself
		return err
	}
	return killOther(ctx, pid)
}

// provider returns the process id of the Secret Service on the bus, or zero.
func (k *Keyring) provider(ctx context.Context) (int, error) {
	if k.bus == nil {
		return 0, nil
	}
	conn, err := dbus.Connect(k.address, dbus.WithContext(ctx))
	if err != nil { // the bus is or was killed
		select {
		case <-k.bus.gone:
			return 0, nil
		case <-ctx.Done():
			return 0, err
		}
	}
	defer func() { _ = conn.Close() }()
	var pid uint32
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetConnectionUnixProcessID", 0, busName).Store(&pid)
	if e := (dbus.Error{}); errors.As(err, &e) && e.Name == "org.freedesktop.DBus.Error.NameHasNoOwner" {
		return 0, nil
	}
	return int(pid), err
}

// Alive reports whether the first keyring daemon still runs.
func (k *Keyring) Alive() bool { return !k.daemon.ended() }

// Prompted reports whether a prompt was requested.
func (k *Keyring) Prompted() bool {
	_, err := os.Lstat(k.promptTrace())
	return !errors.Is(err, os.ErrNotExist)
}

// store stores an item under the user name.
func (k *Keyring) store(t testing.TB, item string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	cmd := k.command(ctx, "secret-tool", "store", "--label=test", "service", "codex-cred", "username", item)
	cmd.Stdin = strings.NewReader("content")
	k.must(t, "store an item", cmd.Run())
}

// userLine matches the user name of an item in the standard error of secret-tool; the secrets are
// in its standard output.
var userLine = regexp.MustCompile(`(?m)^attribute\.username = (.*)$`)

// Items returns the user names of all items of the service codex-cred.
func (k *Keyring) Items(t testing.TB) []string {
	items, err := k.items()
	if err != nil {
		t.Fatalf("list the items of the keyring: %v", err)
	}
	return items
}

func (k *Keyring) items() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	cmd := k.command(ctx, "secret-tool", "search", "--all", "service", "codex-cred")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("secret-tool: %w", err)
	}
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, nil
	}
	names := []string{"(something without a name)"}
	if userLine.Match(out) {
		names = nil
	}
	for _, m := range userLine.FindAllSubmatch(out, -1) {
		names = append(names, string(m[1]))
	}
	return names, nil
}
