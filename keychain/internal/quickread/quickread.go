// Package quickread reads one item of the Secret Service in three round trips on one connection. It
// accepts one form of answer to each call and leaves everything else, errors included, to a full
// D-Bus client. Start with [Read].
//
// It is our own code because godbus, and every client on top of it, signs in and calls step by
// step, which takes more round trips and more time in every get. A client that may
// give up at the first surprise needs only a small part of the protocol, which a fuzz test compares
// with godbus.
package quickread

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	busName                          = "org.freedesktop.DBus"
	secretsName                      = "org.freedesktop.secrets"
	secretsPath                      = "/org/freedesktop/secrets"
	loginPath                        = secretsPath + "/collection/login"
	defaultPath                      = secretsPath + "/aliases/default"
	interfaces                       = "org.freedesktop.Secret."
	methodCall, methodReturn, signal = 1, 2, 4  // message types
	maxSize                          = 64 << 10 // of the header fields and of the body of a message
)

var (
	// ErrNotAnswered means that Read learned nothing about the item.
	ErrNotAnswered = errors.New("the short way gives no answer")
	errUnexpected  = errors.New("an unexpected answer")
)

// A Request names the item by its attributes. It must be the only one with them in its collection.
type Request struct {
	Service, User string
	IdleTimeout   time.Duration // longest wait for one answer
	TimeoutErr    error         // wrapped by the error of a longer wait
}

// Read returns the content of the item. conn is a new connection to the bus, which cannot be used
// afterwards; the caller closes it. The error is ErrNotAnswered, wraps TimeoutErr, or is that of
// ctx.
func Read(ctx context.Context, conn net.Conn, r Request) ([]byte, error) {
	cut := func() { _ = conn.SetDeadline(time.Unix(1, 0)) }
	timer := time.AfterFunc(r.IdleTimeout, cut)
	defer timer.Stop()
	defer context.AfterFunc(ctx, cut)()
	c := client{out: conn, in: bufio.NewReaderSize(conn, 8<<10)}
	doing, content := c.read(r, func() { timer.Reset(r.IdleTimeout) })
	switch {
	case c.err == nil:
		return content, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(c.err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("%s: %w", doing, r.TimeoutErr)
	}
	return nil, fmt.Errorf("%w: %s: %w", ErrNotAnswered, doing, c.err)
}

// A client makes the calls and decodes the answers until the first error.
type client struct {
	out  io.Writer
	in   *bufio.Reader
	rest []byte // of a message, after its first 16 bytes
	at   int    // position in rest
	err  error
}

// read makes its calls in an order that gnome-keyring survives: the daemon can crash in
// OpenSession, and confuse a search, unless the same connection made another call before and waited
// for its answer. On an error it returns the step that failed.
func (c *client) read(r Request, answered func()) (doing string, content []byte) {
	var collection, session, item string
	for _, step := range []struct {
		doing string
		do    func()
	}{
		{"connect to the session bus", c.hello},
		{"list the collections", func() { collection = c.collection() }},
		{"search the collection", func() { session, item = c.search(collection, r) }},
		{"get the secret", func() { content = c.secret(item, session) }},
	} {
		step.do()
		if c.require(c.at == len(c.rest)); c.err != nil {
			return step.doing, nil
		}
		answered()
	}
	return "", content
}

// hello signs in to the bus and makes the first call to the daemon.
func (c *client) hello() {
	which := encoder{}.str(interfaces + "Service").str("Collections")
	_, c.err = c.out.Write(slices.Concat(
		fmt.Appendf(nil, "\x00AUTH EXTERNAL %x\r\nBEGIN\r\n", strconv.Itoa(os.Geteuid())),
		call{1, busName, "/org/freedesktop/DBus", busName, "Hello", "", nil}.message(),
		call{2, secretsName, secretsPath, busName + ".Properties", "Get", "ss", which}.message()))
	if c.err == nil {
		var line []byte
		line, c.err = c.in.ReadSlice('\n')
		c.require(bytes.HasPrefix(line, []byte("OK ")))
	}
	c.reply(1, "s")
	c.str()
}

// collection returns the login collection if it exists, else the default one.
func (c *client) collection() string {
	c.reply(2, "v")
	if c.require(c.sig() == "ao"); slices.Contains(c.strs(), loginPath) {
		return loginPath
	}
	return defaultPath
}

// search opens a session, without encryption on the bus, and searches for the item.
func (c *client) search(collection string, r Request) (session, item string) {
	pairs := encoder{}.str("service").str(r.Service).pad(8).str("username").str(r.User)
	attributes := append(encoder{}.num(len(pairs)).pad(8), pairs...)
	plain := encoder{}.str("plain").sig("s").str("")
	_, c.err = c.out.Write(slices.Concat(
		call{3, secretsName, secretsPath, interfaces + "Service", "OpenSession", "sv", plain}.message(),
		call{4, secretsName, collection, interfaces + "Collection", "SearchItems", "a{ss}", attributes}.message()))
	c.reply(3, "vo")
	c.require(c.sig() == "s" && c.str() == "")
	session = c.str()
	c.reply(4, "ao")
	items := append(c.strs(), "")
	c.require(len(items) == 2)
	return session, items[0]
}

func (c *client) secret(item, session string) []byte {
	get := call{5, secretsName, item, interfaces + "Item", "GetSecret", "o", encoder{}.str(session)}
	_, c.err = c.out.Write(get.message())
	c.reply(5, "(oayays)")
	_, _, content, _ := c.str(), c.bytes(), c.bytes(), c.str()
	return content
}

// An encoder encodes a D-Bus message, or a part of one, in little-endian order:
// https://dbus.freedesktop.org/doc/dbus-specification.html
type encoder []byte

func (e encoder) pad(n int) encoder    { return append(e, make([]byte, -len(e)&(n-1))...) }
func (e encoder) num(n int) encoder    { return binary.LittleEndian.AppendUint32(e.pad(4), uint32(n)) }
func (e encoder) str(s string) encoder { return append(append(e.num(len(s)), s...), 0) }
func (e encoder) sig(s string) encoder { return append(append(append(e, byte(len(s))), s...), 0) }

// A call is a method call. The signature describes the arguments.
type call struct {
	serial                          int
	to, path, on, method, signature string
	arguments                       encoder
}

func (c call) message() []byte {
	fields := encoder{1}.sig("o").str(c.path)
	fields = append(fields.pad(8), 2).sig("s").str(c.on)
	fields = append(fields.pad(8), 3).sig("s").str(c.method)
	fields = append(fields.pad(8), 6).sig("s").str(c.to)
	if c.signature != "" {
		fields = append(fields.pad(8), 8).sig("g").sig(c.signature)
	}
	e := encoder{'l', methodCall, 0, 1}.num(len(c.arguments)).num(c.serial).num(len(fields))
	return append(append(e, fields...).pad(8), c.arguments...)
}

func (c *client) require(ok bool) {
	if !ok && c.err == nil {
		c.err = errUnexpected
	}
}

// reply starts to decode the answer to a call. It skips signals and calls that come before it.
func (c *client) reply(serial uint32, signature string) {
	c.require(c.at == len(c.rest))
	var head [16]byte
	var fields, body, to uint32
	var has string
	for c.err == nil && head[1] != methodReturn {
		_, c.err = io.ReadFull(c.in, head[:])
		body, fields = binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
		c.require(head[0] == 'l' && head[2] < 8 && head[3] == 1 && body <= maxSize && fields <= maxSize)
		c.require(slices.Contains([]byte{methodCall, methodReturn, signal}, head[1]))
		if c.err == nil {
			c.rest, c.at = make([]byte, (fields+7)&^7+body), 0
			_, c.err = io.ReadFull(c.in, c.rest)
		}
	}
	for c.err == nil && c.at < int(fields) {
		c.pad(8)
		switch string(c.take(1)) + c.sig() {
		case "\x05u":
			to = c.num()
		case "\x06s", "\x07s": // destination and sender
			c.str()
		case "\x08g":
			has = c.sig()
		default:
			c.require(false)
		}
	}
	c.require(c.at == int(fields) && to == serial && has == signature)
	c.pad(8)
}

// take returns the next n bytes, or the four bytes of a zero number after an error.
func (c *client) take(n uint32) []byte {
	if c.require(uint64(n) <= uint64(len(c.rest)-c.at)); c.err != nil {
		return make([]byte, 4)
	}
	c.at += int(n)
	return c.rest[c.at-int(n) : c.at]
}

func (c *client) pad(n int) *client {
	for _, b := range c.take(uint32(-c.at & (n - 1))) {
		c.require(b == 0)
	}
	return c
}

func (c *client) text(n uint32) string {
	text := string(c.take(n))
	c.require(string(c.take(1)) == "\x00" && !strings.Contains(text, "\x00"))
	return text
}

func (c *client) num() uint32   { return binary.LittleEndian.Uint32(c.pad(4).take(4)) }
func (c *client) bytes() []byte { return c.take(c.num()) }
func (c *client) str() string   { return c.text(c.num()) }
func (c *client) sig() string   { return c.text(uint32(c.take(1)[0])) }

// strs decodes an array, the last part of a message.
func (c *client) strs() (all []string) {
	for c.require(c.num() == uint32(len(c.rest)-c.at)); c.err == nil && c.at < len(c.rest); {
		all = append(all, c.str())
	}
	return all
}
