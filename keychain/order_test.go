//go:build linux

package keychain

import (
	"context"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// TestFirstCallIsHarmless watches the bus. gnome-keyring can crash in OpenSession, and confuse a
// search, unless the same connection made another call before and waited for its answer.
func TestFirstCallIsHarmless(t *testing.T) {
	k := testkeyring.Start(t)
	k.Setenv(t)
	messages := monitor(t)
	s, name := New(), storetest.NewName(t)
	v, err := s.Put(t.Context(), name, []byte("item"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), name, v); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.Get(t.Context(), name)
	wantErr(t, err, helper.ErrNotFound)
	emitEnd(t)

	callers := map[string]*caller{}
	for end := false; !end; {
		end = watch(t, callers, next(t, messages))
	}
	if len(callers) != 7 {
		t.Errorf("saw %d connections, want 3 that read, 2 more that read what is not there, and 2 that write", len(callers))
	}
}

// A caller is a connection that the monitor saw.
type caller struct {
	first    uint32 // serial of its first call to the Secret Service
	answered bool
}

// watch checks one message and reports whether it is the last one.
func watch(t *testing.T, callers map[string]*caller, m *dbus.Message) (end bool) {
	t.Helper()
	from, to, member := header(m, dbus.FieldSender), header(m, dbus.FieldDestination), header(m, dbus.FieldMember)
	switch {
	case member == endMember:
		return true
	case m.Type == dbus.TypeMethodReply:
		serial, _ := m.Headers[dbus.FieldReplySerial].Value().(uint32)
		if c := callers[to]; c != nil && c.first == serial {
			c.answered = true
		}
	case m.Type == dbus.TypeMethodCall && to == busName && callers[from] == nil:
		callers[from] = &caller{first: m.Serial()}
		if member != "Get" {
			t.Errorf("the first call of a connection is %s", member)
		}
	case m.Type == dbus.TypeMethodCall && to == busName && !callers[from].answered:
		t.Errorf("%s is sent before the first call is answered", member)
	}
	return false
}

const endMember = "EndOfTest"

// monitor returns all messages on the bus from now on.
func monitor(t *testing.T) <-chan *dbus.Message {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { leave(conn) })
	messages := make(chan *dbus.Message, 1000) // godbus drops messages of a full channel
	const becomeMonitor = "org.freedesktop.DBus.Monitoring.BecomeMonitor"
	err = conn.BusObject().CallWithContext(t.Context(), becomeMonitor, 0, []string{}, uint32(0)).Err
	if err != nil {
		t.Fatalf("become a monitor: %v", err)
	}
	conn.Eavesdrop(messages)
	return messages
}

// leave closes a connection whose messages are eavesdropped. Close would close the channel on which
// its reader still sends.
func leave(conn *dbus.Conn) {
	conn.Eavesdrop(nil)
	_ = conn.Close()
}

// next returns the next message on the bus.
func next(t *testing.T, messages <-chan *dbus.Message) *dbus.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	defer cancel()
	select {
	case m := <-messages:
		return m
	case <-ctx.Done():
		t.Fatal("the bus is silent")
		return nil
	}
}

func header(m *dbus.Message, f dbus.HeaderField) string {
	s, _ := m.Headers[f].Value().(string)
	return s
}

// emitEnd sends a signal that marks the end of what a monitor is to read.
func emitEnd(t *testing.T) {
	t.Helper()
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Emit("/", "org.example.Test."+endMember); err != nil {
		t.Fatal(err)
	}
}
