package quickread

import (
	"bytes"
	"encoding/binary"
	"net"
	"slices"
	"testing"

	"github.com/godbus/dbus/v5"
)

const (
	testContent = "the content of the item"
	testSession = dbus.ObjectPath(secretsPath + "/session/s1")
	testItem    = dbus.ObjectPath(loginPath + "/1")
)

// A bus holds the messages that a bus and a daemon send.
type bus struct {
	signIn, hello, collections []byte // after the first call
	session, items             []byte // after the second
	secret                     []byte // after the third
}

// validBus returns a bus that answers with the item.
func validBus(t testing.TB) *bus {
	t.Helper()
	return &bus{
		signIn:      []byte("OK 0123456789abcdef0123456789abcdef\r\n"),
		hello:       reply(t, 1, ":1.7"),
		collections: reply(t, 2, dbus.MakeVariant([]dbus.ObjectPath{secretsPath + "/collection/session", loginPath})),
		session:     reply(t, 3, dbus.MakeVariant(""), testSession),
		items:       reply(t, 4, []dbus.ObjectPath{testItem}),
		secret:      reply(t, 5, content(testContent)),
	}
}

// steps returns the messages that follow each write.
func (b *bus) steps() [][][]byte {
	return [][][]byte{{b.signIn, b.hello, b.collections}, {b.session, b.items}, {b.secret}}
}

// all returns everything that a complete read receives.
func (b *bus) all() []byte { return slices.Concat(slices.Concat(b.steps()...)...) }

// start returns the reader's end of a connection. The other end sends a step after each write that
// it reads, and then closes. A pipe has no buffer: a call that is written too early meets a bus
// that does not read.
func start(t *testing.T, steps [][][]byte) net.Conn {
	t.Helper()
	reader, daemon := net.Pipe()
	t.Cleanup(func() { _ = reader.Close() })
	go func() {
		defer daemon.Close()
		for _, step := range steps {
			if _, err := daemon.Read(make([]byte, 4096)); err != nil {
				return
			}
			for _, message := range step {
				if _, err := daemon.Write(message); err != nil {
					return
				}
			}
		}
	}()
	return reader
}

// A secret is the Secret struct of the specification.
type secret struct {
	Session           dbus.ObjectPath
	Parameters, Value []byte
	ContentType       string
}

func content(item string) secret {
	return secret{testSession, nil, []byte(item), "application/octet-stream"}
}

func reply(t testing.TB, serial uint32, body ...any) []byte {
	t.Helper()
	return message(t, dbus.TypeMethodReply, map[dbus.HeaderField]any{
		dbus.FieldReplySerial: serial, dbus.FieldSender: ":1.2", dbus.FieldDestination: ":1.7",
	}, body...)
}

func failure(t testing.TB, serial uint32) []byte {
	t.Helper()
	return message(t, dbus.TypeError, map[dbus.HeaderField]any{
		dbus.FieldReplySerial: serial, dbus.FieldErrorName: "org.freedesktop.DBus.Error.Failed",
	}, "it failed")
}

// unsolicited returns a signal and a call, which may come at any time.
func unsolicited(t testing.TB) []byte {
	t.Helper()
	named := map[dbus.HeaderField]any{
		dbus.FieldPath: dbus.ObjectPath("/org/example"), dbus.FieldInterface: "org.example.Any", dbus.FieldMember: "Any",
	}
	return append(message(t, dbus.TypeSignal, named, ":1.7"), message(t, dbus.TypeMethodCall, named)...)
}

// message encodes a message with godbus.
func message(t testing.TB, kind dbus.Type, headers map[dbus.HeaderField]any, body ...any) []byte {
	t.Helper()
	m := &dbus.Message{Type: kind, Headers: map[dbus.HeaderField]dbus.Variant{}, Body: body}
	for field, value := range headers {
		m.Headers[field] = dbus.MakeVariant(value)
	}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
