package quickread

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// A recording is a connection to a bus that has said everything.
type recording struct {
	net.Conn
	said *bytes.Reader
}

func (r recording) Read(b []byte) (int, error)  { return r.said.Read(b) }
func (r recording) Write(b []byte) (int, error) { return len(b), nil }
func (r recording) SetDeadline(time.Time) error { return nil }

// wantSound holds that what a bus said gives nothing, or what another
// implementation finds in it.
func wantSound(t *testing.T, said []byte) {
	t.Helper()
	got, err := Read(t.Context(), recording{said: bytes.NewReader(said)}, Request{"service", "user", time.Hour, errIdle})
	if err != nil {
		if !errors.Is(err, ErrNotAnswered) || got != nil {
			t.Errorf("of %.100q it read %q, %v", said, got, err)
		}
		return
	}
	_, messages, _ := bytes.Cut(said, []byte("\n"))
	want, err := theSecret(messages)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("of %.100q it read %q; want %q, %v", said, got, want, err)
	}
}

// theSecret returns the content in the fifth reply.
func theSecret(messages []byte) ([]byte, error) {
	for len(messages) >= 16 {
		fields, body := binary.LittleEndian.Uint32(messages[12:]), binary.LittleEndian.Uint32(messages[4:])
		size := 16 + int(fields+7)&^7 + int(body)
		if messages[1] != methodReturn {
			messages = messages[size:]
			continue
		}
		m, err := dbus.DecodeMessage(bytes.NewReader(messages[:size]))
		if err != nil {
			return nil, err
		}
		if m.Headers[dbus.FieldReplySerial].Value() == uint32(5) {
			var s secret
			err := dbus.Store(m.Body, &s)
			return s.Value, err
		}
		messages = messages[size:]
	}
	return nil, io.ErrUnexpectedEOF
}

// FuzzAnswer has a bus say anything.
func FuzzAnswer(f *testing.F) {
	b := right(f)
	f.Add(b.all())
	b.hello = append(unasked(f), b.hello...)
	f.Add(b.all())
	b.secret = failure(f, 5)
	f.Add(b.all())
	f.Add([]byte("REJECTED EXTERNAL\r\n"))
	f.Fuzz(wantSound)
}
