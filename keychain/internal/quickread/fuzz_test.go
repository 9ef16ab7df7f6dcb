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

// A replayConn is a connection that holds all that a bus sent.
type replayConn struct {
	net.Conn
	sent *bytes.Reader
}

func (r replayConn) Read(b []byte) (int, error)  { return r.sent.Read(b) }
func (r replayConn) Write(b []byte) (int, error) { return len(b), nil }
func (r replayConn) SetDeadline(time.Time) error { return nil }

// checkAnswer checks that Read returns nothing, or the same content as godbus.
func checkAnswer(t *testing.T, sent []byte) {
	t.Helper()
	got, err := Read(t.Context(), replayConn{sent: bytes.NewReader(sent)}, Request{"service", "user", time.Hour, errIdle})
	if err != nil {
		if !errors.Is(err, ErrNotAnswered) || got != nil {
			t.Errorf("of %.100q it read %q, %v", sent, got, err)
		}
		return
	}
	_, messages, _ := bytes.Cut(sent, []byte("\n"))
	want, err := decodeSecret(messages)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("of %.100q it read %q; want %q, %v", sent, got, want, err)
	}
}

// decodeSecret returns the content in the fifth reply, decoded by godbus.
func decodeSecret(messages []byte) ([]byte, error) {
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

// FuzzAnswer reads arbitrary answers.
func FuzzAnswer(f *testing.F) {
	b := validBus(f)
	f.Add(b.all())
	b.hello = append(unsolicited(f), b.hello...)
	f.Add(b.all())
	b.secret = failure(f, 5)
	f.Add(b.all())
	f.Add([]byte("REJECTED EXTERNAL\r\n"))
	f.Fuzz(checkAnswer)
}
