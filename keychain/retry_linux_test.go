package keychain

import (
	"context"
	"crypto/rand"
	"net"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/keychain/internal/quickread"
)

// TestASecondDeathIsAnError queues daemons for the name of the service, each of which exits at its
// first call. A read makes its quick try before the two others.
func TestASecondDeathIsAnError(t *testing.T) {
	for _, c := range []struct {
		what   string
		deaths int32
		call   func(context.Context, *Store) error
	}{
		{"a read", 3, func(ctx context.Context, s *Store) error { _, err := s.platform.get(ctx, testID); return err }},
		{"the check of a write", 2, func(ctx context.Context, s *Store) error { return s.platform.set(ctx, testID, nil) }},
		{"the check of a deletion", 2, func(ctx context.Context, s *Store) error { return s.platform.delete(ctx, testID) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			k := testkeyring.Fail(t, testkeyring.NoProvider, testID)
			k.Setenv(t)
			var deaths atomic.Int32
			for range c.deaths + 1 {
				startDyingDaemon(t, &deaths)
			}
			err := c.call(t.Context(), New())
			wantErr(t, err, helper.ErrUnavailable)
			wantNotErr(t, err, ErrNoBus, ErrNoProvider, helper.ErrUnknown)
			if n := deaths.Load(); n != c.deaths {
				t.Errorf("%d daemons were asked, want %d", n, c.deaths)
			}
		})
	}
}

// startDyingDaemon requests the name of the Secret Service and leaves the bus at the first call.
func startDyingDaemon(t *testing.T, deaths *atomic.Int32) {
	t.Helper()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { leave(conn) })
	if _, err := conn.RequestName(busName, 0); err != nil {
		t.Fatal(err)
	}
	messages := make(chan *dbus.Message, 100)
	conn.Eavesdrop(messages)
	go func() {
		for m := range messages {
			if m.Type == dbus.TypeMethodCall {
				deaths.Add(1)
				leave(conn)
				return
			}
		}
	}()
}

// TestWritesOutliveABus checks that no connection is kept: it would be of no use once its bus has
// exited.
func TestWritesOutliveABus(t *testing.T) {
	first, _, _, _ := startKeyring(t)
	first.KillBus()
	_, s, name, v := startKeyring(t)
	if err := s.Delete(t.Context(), name, v); err != nil {
		t.Error(err)
	}
}

// TestSilenceBeforeAWrite stops the daemon where only the search before the change can notice:
// nothing was written.
func TestSilenceBeforeAWrite(t *testing.T) {
	k, s, name, v := startKeyring(t)
	s.platform = &afterGet{platform: s.platform, do: func() {
		k.Stop(t)
		s.IdleTimeout = 200 * time.Millisecond
	}}
	_, err := s.Put(t.Context(), name, []byte("other"), v)
	wantErr(t, err, helper.ErrTimeout)
	wantNotErr(t, err, helper.ErrUnknown, helper.ErrUnavailable)
}

func TestMuteBusBeforeAWrite(t *testing.T) {
	l, err := net.Listen("unix", "@"+rand.Text()) // an abstract name
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	t.Setenv(busVariable, "unix:abstract="+l.Addr().String()[1:])
	s := New()
	s.IdleTimeout = 50 * time.Millisecond
	wantErr(t, s.platform.set(t.Context(), testID, nil), helper.ErrTimeout)
}

// TestFullQueue checks that a bus with a full queue is busy, not absent.
func TestFullQueue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus")
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		var c net.Conn
		if c, err = net.Dial("unix", path); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	t.Setenv(busVariable, "unix:path="+path)
	s := New()
	s.IdleTimeout = 200 * time.Millisecond
	_, _, err = s.Get(t.Context(), storetest.NewName(t))
	wantErr(t, err, helper.ErrTimeout)
	wantNotErr(t, err, helper.ErrUnavailable)
	_, err = service(t, s).quickRead(t.Context(), testID)
	wantErr(t, err, helper.ErrTimeout)
	wantNotErr(t, err, quickread.ErrNotAnswered) // or a read would wait a second time
	wantErr(t, s.platform.set(t.Context(), testID, nil), helper.ErrTimeout)
}
