package keychain

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/keychain/internal/quickread"
)

// A relay forwards between callers and a bus.
type relay struct {
	address string
	dropped string // writes of callers that contain it are not forwarded
	mu      sync.Mutex
	first   []string // first write of each caller
}

func startRelay(t *testing.T, bus, dropped string) *relay {
	t.Helper()
	l, err := net.Listen("unix", "@"+rand.Text())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r := &relay{address: "unix:abstract=" + l.Addr().String()[1:], dropped: dropped}
	go func() {
		for {
			caller, err := l.Accept()
			if err != nil {
				return
			}
			daemon, err := net.Dial("unix", socketPath(bus))
			if err != nil {
				_ = caller.Close()
				continue
			}
			go func() { _, _ = io.Copy(caller, daemon); _ = caller.Close() }()
			go func() { r.forward(daemon, caller); _ = daemon.Close() }()
		}
	}()
	return r
}

// forward forwards what the caller writes.
func (r *relay) forward(bus io.Writer, caller io.Reader) {
	written := make([]byte, 64<<10)
	for first := true; ; first = false {
		n, err := caller.Read(written)
		if first {
			r.mu.Lock()
			r.first = append(r.first, string(written[:n]))
			r.mu.Unlock()
		}
		if r.dropped != "" && bytes.Contains(written[:n], []byte(r.dropped)) {
			continue
		}
		if _, writeErr := bus.Write(written[:n]); err != nil || writeErr != nil {
			return
		}
	}
}

// firstWrites returns the first write of each connection.
func (r *relay) firstWrites() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.first)
}

// TestAReadIsQuick checks that a read takes one connection and one call of each kind, and that the
// connection is not godbus's, which signs in step by step.
func TestAReadIsQuick(t *testing.T) {
	onBothProviders(t, func(t *testing.T, s *Store, name string, _ func() []string) {
		messages, direct := monitor(t), service(t, s).address()
		r := startRelay(t, direct, "")
		t.Setenv(busVariable, r.address)
		wantContent(t, s, name, "item")
		t.Setenv(busVariable, direct)
		emitEnd(t)
		var calls []string
		for m := next(t, messages); header(m, dbus.FieldMember) != endMember; m = next(t, messages) {
			if m.Type == dbus.TypeMethodCall && header(m, dbus.FieldDestination) == busName {
				calls = append(calls, header(m, dbus.FieldMember))
			}
		}
		if want := []string{"Get", "OpenSession", "SearchItems", "GetSecret"}; !slices.Equal(calls, want) {
			t.Errorf("the calls are %q, want %q", calls, want)
		}
		begun := r.firstWrites()
		if len(begun) != 1 || !strings.HasPrefix(begun[0], "\x00AUTH EXTERNAL ") ||
			!strings.Contains(begun[0], "Collections") {
			t.Errorf("the connections begin with %q", begun)
		}
	})
}

// TestBothWaysFallSilent checks that both ways of reading return the same error, and that a read
// waits for one timeout only.
func TestBothWaysFallSilent(t *testing.T) {
	_, store, name, _ := startKeyring(t)
	type ways struct{ quick, slow chan error }
	all, relays := map[string]ways{}, map[string]*relay{}
	for _, dropped := range []string{"AUTH", "OpenSession", "GetSecret"} {
		r := startRelay(t, service(t, store).address(), dropped)
		s := secretService{
			service:     Service,
			address:     func() string { return r.address },
			idleTimeout: func() idleTimeout { return idleTimeout(defaultIdleTimeout) },
		}
		w := ways{make(chan error, 1), make(chan error, 1)}
		go func() { _, err := s.get(t.Context(), name); w.quick <- err }()
		go func() { _, err := s.read(t.Context(), r.address, name); w.slow <- err }()
		all[dropped], relays[dropped] = w, r
	}
	for dropped, w := range all {
		quick, slow := <-w.quick, <-w.slow
		wantErr(t, quick, helper.ErrTimeout)
		wantErr(t, slow, helper.ErrTimeout)
		if quick.Error() != slow.Error() {
			t.Errorf("where nobody hears %s one says %q, the other %q", dropped, quick, slow)
		}
		if n := len(relays[dropped].firstWrites()); n != 2 {
			t.Errorf("where nobody hears %s there were %d connections, want one of each", dropped, n)
		}
	}
}

func TestTheContextEndsAQuickRead(t *testing.T) {
	_, store, name, _ := startKeyring(t)
	r := startRelay(t, service(t, store).address(), "OpenSession")
	s := secretService{
		service:     Service,
		address:     func() string { return r.address },
		idleTimeout: func() idleTimeout { return idleTimeout(time.Hour) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(short, cancel)
	_, err := s.get(ctx, name)
	wantErr(t, err, context.Canceled)
}

func TestSocketPath(t *testing.T) {
	for address, want := range map[string]string{
		"unix:path=/run/user/1000/bus":                        "/run/user/1000/bus",
		"unix:path=/tmp/dbus-AbCdEf,guid=0123456789abcdef":    "/tmp/dbus-AbCdEf",
		"unix:abstract=/tmp/dbus-AbCdEf,guid=0123456789abcde": "@/tmp/dbus-AbCdEf",
		"unix:path=/run/a%20bus":                              "",
		"unix:path=/one;unix:path=/two":                       "",
		"unix:path=/one,guid=1;unix:path=/two":                "",
		"unix:path=/one,abstract=two":                         "",
		"unix:runtime=yes":                                    "",
		"unix:path=":                                          "",
		"unix:abstract=":                                      "",
		"tcp:host=127.0.0.1,port=1":                           "",
		"unixexec:path=/bin/sh":                               "",
		"autolaunch:":                                         "",
		"disabled:":                                           "",
		"":                                                    "",
	} {
		if got := socketPath(address); got != want {
			t.Errorf("the path of %q is %q, want %q", address, got, want)
		}
	}
}

// TestWhatIsNotQuick checks that quickRead reports nothing about an item that it cannot read.
func TestWhatIsNotQuick(t *testing.T) {
	k, s, name, _ := startKeyring(t)
	notAnswered := func() {
		t.Helper()
		item, err := service(t, s).quickRead(t.Context(), name)
		if !errors.Is(err, quickread.ErrNotAnswered) || item != nil {
			t.Errorf("it reads %q, %v", item, err)
		}
	}
	addDuplicate(t, s, name, "item")
	notAnswered()
	wantContent(t, s, name, "item")
	k.Lock(t)
	notAnswered()
	k.Kill()
	notAnswered()
}
