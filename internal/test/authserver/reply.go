package authserver

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Values for how much of a reply reaches the client.
const (
	deliverWhole    = iota
	deliverNone     // the connection is closed without an answer
	deliverCut      // half the body, the length of all of it
	deliverCutClose // half the body, no length: the connection is closed at its end
)

// A reply is the server's answer. finish encodes it, so that faults can change its parts before.
type reply struct {
	status   int
	header   http.Header
	body     []byte
	members  map[string]any // of a JSON object; replaces body
	location *url.URL       // of a redirect
	family   *family        // that the request was about
	issued   struct{ refresh, access string }
	delivery int
	wire     *wire         // replaces delivery
	held     bool          // until Release, or for delay if that is not zero
	delay    time.Duration // of a held reply
}

func htmlReply(status int, title string) reply {
	return reply{
		status: status, header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		body: []byte("<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"),
	}
}

func jsonReply(status int, v any) reply {
	return reply{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: encode(v)}
}

// noteIssued records the digests of the issued tokens before the answer is damaged.
func (r reply) noteIssued() reply {
	access, _ := r.members["access_token"].(string)
	refresh, _ := r.members["refresh_token"].(string)
	r.issued.access, r.issued.refresh = Digest(access), Digest(refresh)
	return r
}

// finish encodes the parts as header and body.
func (r reply) finish() reply {
	r = r.with("Cache-Control", "no-store")
	if r.members != nil {
		r.body = encode(r.members)
		r = r.with("Content-Type", "application/json")
	}
	if r.location != nil {
		r = r.with("Location", r.location.String())
	}
	return r
}

func (r reply) with(name, value string) reply {
	header := maps.Clone(r.header)
	if header == nil {
		header = http.Header{}
	}
	header.Set(name, value)
	r.header = header
	return r
}

// deliver sends a finished reply.
func (r reply) deliver(w http.ResponseWriter, closing <-chan struct{}) {
	if r.wire != nil {
		r.wire.deliver(w, r, closing)
		return
	}
	switch r.delivery {
	case deliverNone:
		panic(http.ErrAbortHandler) // closes the connection without an answer
	case deliverCut:
		r.deliverHalf(w, int64(len(r.body)))
	case deliverCutClose:
		r.deliverHalf(w, -1)
	default:
		maps.Copy(w.Header(), r.header)
		w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
		w.WriteHeader(r.status)
		_, _ = w.Write(r.body)
	}
}

func (r reply) deliverHalf(w http.ResponseWriter, length int64) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = conn.Close() }()
	half := http.Response{
		StatusCode: r.status, ProtoMajor: 1, ProtoMinor: 1, Header: r.header,
		Body: io.NopCloser(bytes.NewReader(r.body[:len(r.body)/2])), ContentLength: length,
	}
	_ = half.Write(conn) // reports that the body is short, as intended
}
