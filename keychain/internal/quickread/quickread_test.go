package quickread

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/godbus/dbus/v5"
)

var errIdle = errors.New("it is silent")

// read reads the item in a synctest bubble, where a wait takes no time.
func read(t *testing.T, steps [][][]byte) (item string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { item, err = readNow(t.Context(), t, steps) })
	if err != nil && (item != "" || strings.Contains(err.Error(), testContent)) {
		t.Errorf("error %q, with item %q", err, item)
	}
	return item, err
}

func readNow(ctx context.Context, t *testing.T, steps [][][]byte) (string, error) {
	t.Helper()
	b, err := Read(ctx, start(t, steps), Request{"service", "user", 3 * time.Second, errIdle})
	return string(b), err
}

func TestRead(t *testing.T) {
	large := strings.Repeat("x", 60_000)
	for _, c := range []struct {
		what, want string
		change     func(b *bus)
	}{
		{"the usual", testContent, func(*bus) {}},
		{"an empty item", "", func(b *bus) { b.secret = reply(t, 5, content("")) }},
		{"a large item", large, func(b *bus) { b.secret = reply(t, 5, content(large)) }},
		{"no collection named login", testContent, func(b *bus) {
			b.collections = reply(t, 2, dbus.MakeVariant([]dbus.ObjectPath{loginPath + "s"}))
		}},
		{"what nobody asked for", testContent, func(b *bus) {
			for _, part := range []*[]byte{&b.hello, &b.collections, &b.session, &b.items, &b.secret} {
				*part = append(unsolicited(t), *part...)
			}
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			b := validBus(t)
			c.change(b)
			if got, err := read(t, b.steps()); err != nil || got != c.want {
				t.Errorf("read %.100q, %v", got, err)
			}
		})
	}
}

// TestRead_UnexpectedAnswers checks that any answer other than the expected one is ErrNotAnswered.
func TestRead_UnexpectedAnswers(t *testing.T) {
	for what, change := range map[string]func(b *bus){
		"it refuses the user":   func(b *bus) { b.signIn = []byte("REJECTED EXTERNAL\r\n") },
		"it goes on and on":     func(b *bus) { b.signIn = bytes.Repeat([]byte("OK "), 10_000) },
		"no greeting":           func(b *bus) { b.hello = failure(t, 1) },
		"no service":            func(b *bus) { b.collections = failure(t, 2) },
		"no session":            func(b *bus) { b.session = failure(t, 3) },
		"no search":             func(b *bus) { b.items = failure(t, 4) },
		"it is locked":          func(b *bus) { b.secret = failure(t, 5) },
		"collections of a kind": func(b *bus) { b.collections = reply(t, 2, dbus.MakeVariant([]string{loginPath})) },
		"a secret session":      func(b *bus) { b.session = reply(t, 3, dbus.MakeVariant([]byte("key")), testSession) },
		"no item":               func(b *bus) { b.items = reply(t, 4, []dbus.ObjectPath{}) },
		"two items":             func(b *bus) { b.items = reply(t, 4, []dbus.ObjectPath{testItem, testItem + "2"}) },
		"items by another name": func(b *bus) { b.items = reply(t, 4, []string{string(testItem)}) },
		"two lists of items":    func(b *bus) { b.items = reply(t, 4, []dbus.ObjectPath{testItem}, []dbus.ObjectPath{}) },
		"the other order":       func(b *bus) { b.session, b.items = b.items, b.session },
		"the answer to another": func(b *bus) { b.secret = reply(t, 6, content(testContent)) },
		"the answer to nothing": func(b *bus) {
			none := map[dbus.HeaderField]any{dbus.FieldReplySerial: uint32(0)}
			b.secret = message(t, dbus.TypeMethodReply, none, content(testContent))
		},
		"an answer of no type":      func(b *bus) { b.secret = reply(t, 5) },
		"an answer of another type": func(b *bus) { b.secret = reply(t, 5, testContent) },
		"an answer with a path": func(b *bus) {
			b.secret = message(t, dbus.TypeMethodReply, map[dbus.HeaderField]any{
				dbus.FieldReplySerial: uint32(5), dbus.FieldPath: testItem,
			}, content(testContent))
		},
		"more than an answer":  func(b *bus) { b.secret = appendByte(b.secret) },
		"the other byte order": func(b *bus) { b.secret[0] = 'B' },
		"no byte order":        func(b *bus) { b.secret[0] = 0 },
		"no type":              func(b *bus) { b.secret[1] = 0 },
		"an unknown type":      func(b *bus) { b.secret[1] = 5 },
		"another version":      func(b *bus) { b.secret[3] = 2 },
		"an endless body":      func(b *bus) { binary.LittleEndian.PutUint32(b.secret[4:], 0xffffffff) },
		"endless fields":       func(b *bus) { binary.LittleEndian.PutUint32(b.secret[12:], 0xffffffff) },
		"too large an item":    func(b *bus) { b.secret = reply(t, 5, content(strings.Repeat("x", maxSize))) },
		"large fields": func(b *bus) {
			b.secret = message(t, dbus.TypeMethodReply, map[dbus.HeaderField]any{
				dbus.FieldReplySerial: uint32(5), dbus.FieldSender: strings.Repeat("x", maxSize),
			}, content(testContent))
		},
		"fields that end too early": func(b *bus) { b.secret[12]-- },
		"padding that says something": func(b *bus) {
			b.secret[bytes.Index(b.secret, []byte(testContent))+len(testContent)] = 1
		},
		"a string without end": func(b *bus) { b.secret[len(b.secret)-1] = 'x' },
		"a string with an end": func(b *bus) { b.secret[len(b.secret)-2] = 0 },
		"a long string":        func(b *bus) { b.secret[len(b.secret)-len("application/octet-stream")-5]++ },
	} {
		t.Run(what, func(t *testing.T) {
			b := validBus(t)
			change(b)
			if got, err := read(t, b.steps()); !errors.Is(err, ErrNotAnswered) {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

// appendByte adds a byte to the body.
func appendByte(m []byte) []byte {
	m = append(m, 0)
	binary.LittleEndian.PutUint32(m[4:], binary.LittleEndian.Uint32(m[4:])+1)
	return m
}

// TestHangUp closes the connection after each byte.
func TestHangUp(t *testing.T) {
	all := validBus(t).all()
	for i := range all {
		checkAnswer(t, all[:i])
	}
	steps := validBus(t).steps()
	for i := range steps {
		if got, err := read(t, steps[:i]); !errors.Is(err, ErrNotAnswered) {
			t.Errorf("of %d steps it read %q, %v", i, got, err)
		}
	}
}

// TestBrokenBytes changes bits of each byte.
func TestBrokenBytes(t *testing.T) {
	all := validBus(t).all()
	for i := range all {
		for _, bits := range []byte{0x01, 0x02, 0x80, 0xff} {
			broken := slices.Clone(all)
			broken[i] ^= bits
			checkAnswer(t, broken)
		}
	}
}

// TestSilence checks that each answer has its own timeout.
func TestSilence(t *testing.T) {
	b := validBus(t)
	mute := [][]byte{}
	for _, c := range []struct {
		doing string
		steps [][][]byte
	}{
		{"connect to the session bus", [][][]byte{mute, mute}},
		{"connect to the session bus", [][][]byte{{b.signIn}, mute}},
		{"list the collections", [][][]byte{{b.signIn, b.hello}, mute}},
		{"search the collection", [][][]byte{b.steps()[0], mute, mute}},
		{"search the collection", [][][]byte{b.steps()[0], {b.session}, mute}},
		{"get the secret", [][][]byte{b.steps()[0], b.steps()[1], mute, mute}},
		{"get the secret", [][][]byte{b.steps()[0], b.steps()[1], {b.secret[:20]}, mute}},
	} {
		t.Run(c.doing, func(t *testing.T) {
			got, err := read(t, c.steps)
			if !errors.Is(err, errIdle) || errors.Is(err, ErrNotAnswered) || !strings.HasPrefix(err.Error(), c.doing+": ") {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

// TestSlowBus checks a bus whose answers come in time one by one and take longer together.
func TestSlowBus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &slowConn{Conn: start(t, validBus(t).steps()), pause: 1400 * time.Millisecond}
		got, err := Read(t.Context(), conn, Request{"service", "user", 3 * time.Second, errIdle})
		if err != nil || string(got) != testContent {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

// TestTornAnswer receives an answer byte by byte and too slowly.
func TestTornAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := &slowConn{Conn: start(t, validBus(t).steps()), pause: time.Second, atMost: 1}
		got, err := Read(t.Context(), conn, Request{"service", "user", 3 * time.Second, errIdle})
		if !errors.Is(err, errIdle) {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now() //nolint:forbidigo // of the bubble
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := readNow(ctx, t, [][][]byte{nil, nil}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("read %q, %v", got, err)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if got, err := readNow(cancelled, t, [][][]byte{nil, nil}); !errors.Is(err, context.Canceled) {
			t.Errorf("read %q, %v", got, err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("both took %v", took)
		}
	})
}

// slowConn is a connection that returns few bytes after a pause.
type slowConn struct {
	net.Conn
	pause  time.Duration
	atMost int // bytes in one read; 0: no limit
}

func (s *slowConn) Read(b []byte) (int, error) {
	time.Sleep(s.pause) //nolint:forbidigo // in a bubble
	if s.atMost > 0 {
		b = b[:s.atMost]
	}
	return s.Conn.Read(b)
}
