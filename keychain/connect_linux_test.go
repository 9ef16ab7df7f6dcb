package keychain

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
)

// TestConnectErrors checks that only a missing bus is unavailable: then a caller may choose another
// store.
func TestConnectErrors(t *testing.T) {
	system := func(no syscall.Errno) error {
		return &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", no)}
	}
	for _, c := range []struct {
		what string
		err  error
		want error // nil: none of helper's errors
	}{
		{"no socket", system(syscall.ENOENT), ErrNoBus},
		{"a file in the way", system(syscall.ENOTDIR), ErrNoBus},
		{"nobody listens", system(syscall.ECONNREFUSED), ErrNoBus},
		{"of another user", system(syscall.EACCES), ErrNoBus},
		{"no such address", system(syscall.EINVAL), ErrNoBus},
		{"a refusal", errors.New("dbus: authentication failed"), ErrNoBus},
		{"a policy", dbus.Error{Name: "org.freedesktop.DBus.Error.AccessDenied"}, ErrNoBus},
		{"not a socket", errNoSocket, ErrNoBus},
		{"too many files of this process", system(syscall.EMFILE), nil},
		{"too many files of the system", system(syscall.ENFILE), nil},
		{"no memory", system(syscall.ENOMEM), nil},
		{"too many connections", dbus.Error{Name: "org.freedesktop.DBus.Error.LimitsExceeded"}, helper.ErrTimeout},
		{"it hangs up", io.EOF, helper.ErrTimeout},
		{"it hangs up on what was sent", system(syscall.EPIPE), helper.ErrTimeout},
		{"it hangs up at the end", dbus.ErrClosed, helper.ErrTimeout},
	} {
		t.Run(c.what, func(t *testing.T) {
			err := busError(connectError(c.err))
			if !errors.Is(c.want, ErrNoBus) {
				wantNotErr(t, err, helper.ErrUnavailable)
			}
			if c.want == nil && !isUnclassified(err) {
				t.Errorf("error %v has a name", err)
			}
			if c.want != nil {
				wantErr(t, err, c.want)
			}
		})
	}
}

// startHangUpBus starts a bus that closes every connection at once, and counts them.
func startHangUpBus(t *testing.T) *atomic.Int32 {
	t.Helper()
	l, err := net.Listen("unix", "@"+rand.Text())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	t.Setenv(busVariable, "unix:abstract="+l.Addr().String()[1:])
	var callers atomic.Int32
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			callers.Add(1)
			_ = c.Close()
		}
	}()
	return &callers
}

func TestABusThatHangsUp(t *testing.T) {
	callers := startHangUpBus(t)
	s := New()
	_, err := s.platform.get(t.Context(), testID)
	wantErr(t, err, helper.ErrTimeout)
	wantNotErr(t, err, helper.ErrUnavailable)
	if n := callers.Load(); n < 2 {
		t.Errorf("it was called %d times, want more", n)
	}
	err = s.platform.set(t.Context(), testID, nil)
	wantErr(t, err, helper.ErrTimeout)
	wantNotErr(t, err, helper.ErrUnknown)
}

// TestOnlyLocalBuses checks that no connection is made over a network.
func TestOnlyLocalBuses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	tcp := "tcp:host=127.0.0.1,port=" + port
	_, _, err = idleTimeout(defaultIdleTimeout).connect(t.Context(), tcp)
	wantErr(t, err, ErrNoBus, errNoSocket)
	_, _, err = idleTimeout(defaultIdleTimeout).connect(t.Context(), tcp+";unix:path=/nonexistent/bus;"+tcp)
	wantErr(t, err, ErrNoBus, syscall.ENOENT)
	_ = l.(*net.TCPListener).SetDeadline(time.Unix(1, 0))
	if c, err := l.Accept(); err == nil {
		t.Errorf("connected from %v", c.RemoteAddr())
	}
}

// TestATooLongStep checks a step that ends before the cancellation of its timeout has run.
func TestATooLongStep(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	cancel := func() { close(began); <-end }
	err := idleTimeout(short).withTimeout(cancel, func() error { <-began; return nil })
	close(end)
	wantErr(t, err, helper.ErrTimeout)
	if err := idleTimeout(time.Hour).withTimeout(nil, func() error { return nil }); err != nil {
		t.Error(err)
	}
	wantErr(t, idleTimeout(time.Hour).withTimeout(nil, func() error { return context.Canceled }), context.Canceled)
}
