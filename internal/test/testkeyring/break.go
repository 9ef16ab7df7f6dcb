package testkeyring

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
)

// openWindow replaces the window that asks for a password, and never answers.
func (k *Keyring) openWindow(t testing.TB, _ string) {
	t.Helper()
	conn := k.connect(t)
	reply, err := conn.RequestName(prompterName, dbus.NameFlagDoNotQueue)
	if err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		err = fmt.Errorf("its name is taken: %v", reply)
	}
	k.must(t, "open the window", err)
	k.asked = make(chan struct{})
	k.watch(conn, func(m *dbus.Message) bool {
		if m.Type != dbus.TypeMethodCall {
			return true
		}
		if err := os.WriteFile(k.promptTrace(), nil, 0o600); err != nil {
			t.Errorf("note the prompt: %v", err)
		}
		close(k.asked)
		return false
	})
}

// Asked returns a channel that is closed when the window of [LockedAsking] is opened.
func (k *Keyring) Asked() <-chan struct{} { return k.asked }

// killInCall kills the daemon before it answers the next caller. Until then the daemon is stopped.
func (k *Keyring) killInCall(t testing.TB, _ string) {
	t.Helper()
	k.onNextCall(t, k.Kill)
}

func (k *Keyring) killBusInCall(t testing.TB, _ string) {
	t.Helper()
	k.onNextCall(t, k.bus.kill)
}

func (k *Keyring) onNextCall(t testing.TB, do func()) {
	t.Helper()
	conn := k.connect(t)
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.Monitoring.BecomeMonitor", 0, []string{}, uint32(0)).Err
	k.must(t, "become a monitor of the bus", err)
	k.watch(conn, func(m *dbus.Message) bool {
		to, _ := m.Headers[dbus.FieldDestination].Value().(string)
		if m.Type != dbus.TypeMethodCall || to != busName {
			return true
		}
		do()
		return false
	})
}

// watch passes messages to f, and answers none, until f returns false or the keyring is closed.
func (k *Keyring) watch(conn *dbus.Conn, f func(*dbus.Message) bool) {
	const most = 1000 // godbus drops messages of a full channel
	messages := make(chan *dbus.Message, most)
	conn.Eavesdrop(messages)
	var watching sync.WaitGroup
	ended := make(chan struct{})
	watching.Go(func() {
		for {
			select {
			case m, open := <-messages:
				if !open || !f(m) {
					return
				}
			case <-ended:
				return
			}
		}
	})
	k.ends = append(k.ends, func() {
		conn.Eavesdrop(nil) // Close would close the channel, and godbus may still send
		_ = conn.Close()
		close(ended)
		watching.Wait()
	})
}

// connect returns a connection that is closed with the keyring.
func (k *Keyring) connect(t testing.TB) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(k.address)
	k.must(t, "connect to the bus", err)
	k.ends = append(k.ends, func() { _ = conn.Close() })
	return conn
}

// listen replaces the bus by a socket that is never answered.
func (k *Keyring) listen(t testing.TB, _ string) {
	t.Helper()
	l := k.socket(t)
	k.ends = append(k.ends, func() { _ = l.Close() })
}

// leaveSocket leaves a socket as a killed bus does.
func (k *Keyring) leaveSocket(t testing.TB, _ string) {
	t.Helper()
	l := k.socket(t)
	l.SetUnlinkOnClose(false)
	k.must(t, "leave the socket", l.Close())
}

func (k *Keyring) socket(t testing.TB) *net.UnixListener {
	t.Helper()
	path := filepath.Join(k.runtimeDir(), "bus")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	k.must(t, "listen", err)
	k.address = "unix:path=" + path
	return l
}

// Leftovers describes the processes that have the keyring's directories in their environment and
// are neither its daemons nor their children: what a program under test has left.
func (k *Keyring) Leftovers(t testing.TB) []string {
	t.Helper()
	left, err := k.strangers()
	k.must(t, "look for processes that were left", err)
	all := make([]string, len(left))
	for i, p := range left {
		all[i] = p.String()
	}
	return all
}

func (k *Keyring) strangers() ([]other, error) {
	ctx, cancel := context.WithTimeout(context.Background(), k.patience)
	defer cancel()
	provider, err := k.provider(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the bus for its secret service: %w", err)
	}
	ours := map[int]bool{os.Getpid(): true}
	if provider != 0 {
		ours[provider] = true
	}
	for _, p := range []*process{k.bus, k.daemon} {
		if p != nil {
			ours[p.cmd.Process.Pid] = true
		}
	}
	all, err := processesWith(k.dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil, nil
	}
	return without(all, ours), err
}

// without removes the processes with those ids and their descendants.
func without(all []other, ids map[int]bool) []other {
	var rest []other
	for _, p := range all {
		if !ids[p.pid] && !ids[p.parent] {
			rest = append(rest, p)
		}
	}
	for _, p := range all {
		if ids[p.parent] && !ids[p.pid] {
			ids[p.pid] = true
			return without(all, ids)
		}
	}
	return rest
}
