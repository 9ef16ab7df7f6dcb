//go:build !darwin && !windows

package keychain

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

func onBus(name string) error {
	return fmt.Errorf("get the secret: %w", dbus.Error{Name: name, Body: []any{"in words"}})
}

func TestBusErrors(t *testing.T) {
	stoppedToWait := dbus.Error{Name: noReply, Body: []any{"Message did not receive a reply (timeout by message bus)"}}
	broken := &net.OpError{Op: "read", Net: "unix", Err: syscall.ECONNRESET}
	for _, c := range []struct {
		what        string
		err         error
		read, write error
	}{
		{"the item is locked", onBus(secretErrors + "IsLocked"), helper.ErrLocked, helper.ErrLocked},
		{"nobody offers the service", onBus(busErrors + "ServiceUnknown"), helper.ErrUnavailable, helper.ErrUnavailable},
		{"the provider has gone", onBus(busErrors + "NameHasNoOwner"), helper.ErrUnavailable, helper.ErrUnavailable},
		{"the provider crashes at start", onBus(busErrors + "Spawn.ChildExited"), helper.ErrUnavailable, helper.ErrUnavailable},
		{"the provider does not start in time", onBus(busErrors + "TimedOut"), helper.ErrTimeout, helper.ErrTimeout},
		{"somebody stopped to wait", onBus(busErrors + "Timeout"), helper.ErrTimeout, helper.ErrUnknown},
		{"the bus stopped to wait", stoppedToWait, helper.ErrTimeout, helper.ErrUnknown},
		{"a sandbox forbids it", onBus(busErrors + "AccessDenied"), helper.ErrUnavailable, helper.ErrUnavailable},
		{"the daemon died", onBus(busErrors + "NoReply"), helper.ErrUnavailable, helper.ErrUnknown},
		{"the bus let go", onBus(busErrors + "Disconnected"), helper.ErrUnavailable, helper.ErrUnknown},
		{"the bus died", io.EOF, helper.ErrUnavailable, helper.ErrUnknown},
		{"the connection broke", broken, helper.ErrUnavailable, helper.ErrUnknown},
		{"the connection is closed", dbus.ErrClosed, helper.ErrUnavailable, helper.ErrUnknown},
		{"mapped before", withKind(helper.ErrUnavailable, ErrNoCollection), helper.ErrUnavailable, helper.ErrUnavailable},
	} {
		t.Run(c.what, func(t *testing.T) {
			wantErr(t, busError(c.err), c.read)
			if errors.Is(c.read, helper.ErrTimeout) {
				wantErr(t, writeError(c.err), c.read)
				wantNotErr(t, writeError(c.err), helper.ErrUnavailable)
			}
			wantErr(t, writeError(c.err), c.write)
		})
	}
	t.Run("anything else", func(t *testing.T) {
		wantUnclassified(t, busError, onBus(busErrors+"Failed"))
		wantUnclassified(t, writeError, onBus(busErrors+"Failed"))
	})
}

func TestTransient(t *testing.T) {
	for name, want := range map[string]bool{
		"org.freedesktop.DBus.Error.NoReply":        true,
		"org.freedesktop.DBus.Error.Disconnected":   true,
		"org.freedesktop.DBus.Error.UnknownMethod":  true,
		"org.freedesktop.Secret.Error.NoSuchObject": true,
		"org.freedesktop.Secret.Error.NoSession":    true,
		"org.freedesktop.Secret.Error.IsLocked":     false,
		"org.freedesktop.DBus.Error.ServiceUnknown": false,
		"org.freedesktop.DBus.Error.TimedOut":       false,
		"org.freedesktop.DBus.Error.Timeout":        false,
		"org.freedesktop.DBus.Error.InvalidArgs":    true,
	} {
		if got := isTransient(onBus(name)); got != want {
			t.Errorf("transient(%s) = %v, want %v", name, got, want)
		}
	}
	if !isTransient(io.EOF) || !isTransient(dbus.ErrClosed) {
		t.Error("a lost connection is not transient")
	}
	if isTransient(noBusError(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})) {
		t.Error("a bus that was never there is transient")
	}
	if isTransient(nil) || isTransient(helper.ErrNotFound) {
		t.Error("success or absence is transient")
	}
}

func TestBusAddress(t *testing.T) {
	const file = "dbus-session"
	for _, c := range []struct {
		what     string
		variable string
		files    map[string]string
		want     string
	}{
		{"nothing", "", nil, ""},
		{"the variable", "unix:path=/x", map[string]string{"bus": ""}, "unix:path=/x"},
		{"a socket", "", map[string]string{"bus": "", file: busVariable + "=unix:abstract=y"}, "unix:path=DIR/bus"},
		{"a socket instead of a launch", "autolaunch:", map[string]string{"bus": ""}, "unix:path=DIR/bus"},
		{"a session file", "", map[string]string{file: busVariable + "=unix:abstract=y\n"}, "unix:abstract=y"},
		{"a session file of other content", "", map[string]string{file: "unix:abstract=y"}, ""},
		{"a launch", "autolaunch:", nil, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			find := busFinder{variable: func() string { return c.variable }, runtimeDir: dir}
			want := c.want
			if want == "unix:path=DIR/bus" {
				want = "unix:path=" + dbus.EscapeBusAddressValue(filepath.Join(dir, "bus"))
			}
			if got := find.address(); got != want {
				t.Errorf("address = %q, want %q", got, want)
			}
		})
	}
}
