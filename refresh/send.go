package refresh

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	maxBody   = 1 << 20
	maxHeader = 64 << 10
	// connectTimeout limits each step of a call before its first byte.
	connectTimeout = 30 * time.Second
)

// A call is one HTTP request.
type call struct {
	request     Request
	generation  uint64 // of the credential whose refresh token is sent
	endpoint    string
	contentType string
	body        string
	secrets     []helper.Secret // contained in the body
	// detached: the caller's context does not cancel the call once it is sent, because its answer must be read.
	detached bool
	// beforeFirstByte, if set, is called before the first byte of the body is sent. If it fails, nothing is sent.
	beforeFirstByte func() error
	// polls: the call is detached but sends no grant; an answer with status 200 may contain tokens.
	polls bool
}

// method returns POST for a call with a body.
func (c call) method() string {
	switch {
	case c.body != "":
		return http.MethodPost
	case c.request == RequestReach:
		return http.MethodHead
	}
	return http.MethodGet
}

// An answer is the unparsed result of one call.
type answer struct {
	host  string
	start time.Time // of the call
	// sent: the body was, or may have been, written; for a call without a body, the request.
	sent       bool
	status     int
	retryAfter string
	date       string          // the Date header
	secrets    []helper.Secret // of the request; the server may repeat them
	// raw is all received bytes: status line, header and body, also beside an error. It is nil for calls whose answer
	// net/http reads.
	raw  []byte
	body []byte // as much as could be read
	err  error  // nil if the whole answer was read
}

// send makes the call once, on a new connection.
func (c *Client) send(ctx context.Context, call call) answer {
	a := c.sendOnce(ctx, call)
	c.observe(ctx, call, a)
	return a
}

func (c *Client) sendOnce(ctx context.Context, call call) answer {
	a := answer{host: hostOf(call.endpoint), start: c.Now(), secrets: call.secrets}
	if a.err = ctx.Err(); a.err != nil {
		return a
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	letGo := context.AfterFunc(ctx, cancel)
	defer letGo()
	limit := c.limit(call, cancel)
	defer func() { limit.stop() }()

	start := &sendState{beforeFirstByte: call.beforeFirstByte}
	if call.detached {
		start.onSent = func() { letGo() }
	}
	if call.body == "" {
		own = httptrace.WithClientTrace(own,
			&httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { _ = start.begin() }})
	}
	if call.request == RequestRefresh {
		a.err = c.roundTripRaw(own, call, start.begin, &a)
	} else {
		a.err = c.roundTrip(own, call, start.begin, limit, &a)
	}
	// A server may answer successfully before it has read the whole request.
	a.sent = start.end() || a.err == nil && a.status == http.StatusOK
	if a.err != nil && limit.isExpired.Load() {
		a.err = context.DeadlineExceeded
	}
	if !a.sent && ctx.Err() != nil {
		a.err = ctx.Err()
	}
	return a
}

// roundTrip makes the call and reads the whole answer into a. It uses a Transport because an http.Client follows
// redirects.
func (c *Client) roundTrip(ctx context.Context, call call, begin func() error, limit *limit, a *answer) error {
	req, err := c.request(ctx, call, begin)
	if err != nil {
		return err
	}
	transport := c.transport()
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	a.status, a.retryAfter, a.date = resp.StatusCode, resp.Header.Get("Retry-After"), resp.Header.Get("Date")
	if call.polls && a.status == http.StatusOK {
		limit.extend()
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if len(a.body) > maxBody {
		a.body, err = a.body[:maxBody], errTooLong
	}
	return joinErrors(err, resp.Body.Close())
}

func (c *Client) request(ctx context.Context, call call, begin func() error) (*http.Request, error) {
	body := io.Reader(nil)
	if call.body != "" && begin != nil {
		// For a reader of an unknown type net/http sets no GetBody, without which it cannot send the body a second
		// time.
		body = &onceReader{text: strings.NewReader(call.body), begin: begin}
	}
	req, err := http.NewRequestWithContext(ctx, call.method(), call.endpoint, body)
	if err != nil {
		return nil, errors.New("the URL does not parse")
	}
	req.ContentLength = int64(len(call.body))
	req.Header.Set("Accept", jsonType)
	req.Header.Set("User-Agent", c.UserAgent)
	if call.contentType != "" {
		req.Header.Set("Content-Type", call.contentType)
	}
	return req, nil
}

// A sendState records whether a call counts as sent. The goroutine that writes the request calls begin, which fails
// after end.
type sendState struct {
	beforeFirstByte func() error // may be nil
	onSent          func()       // may be nil

	mu    sync.Mutex // guards sent and ended
	sent  bool
	ended bool
}

var errCallEnded = errors.New("the call has ended before it was sent")

// begin marks the call as sent, or returns why it must not be sent.
func (s *sendState) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return errCallEnded
	}
	if s.beforeFirstByte != nil {
		if err := s.beforeFirstByte(); err != nil {
			return err
		}
	}
	s.sent = true
	if s.onSent != nil {
		s.onSent()
	}
	return nil
}

// end reports whether the call was sent. After end, begin fails.
func (s *sendState) end() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	return s.sent
}

// An onceReader is a request body that calls begin before its first byte is read, and returns its error if it fails.
type onceReader struct {
	text  *strings.Reader
	begin func() error
	begun bool
	err   error
}

// Read implements [io.Reader].
func (o *onceReader) Read(p []byte) (int, error) {
	if !o.begun {
		o.begun, o.err = true, o.begin()
	}
	if o.err != nil {
		return 0, o.err
	}
	return o.text.Read(p)
}

func (c *Client) transport() *http.Transport {
	http1 := new(http.Protocols)
	http1.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  c.Proxy,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		TLSClientConfig:        &tls.Config{RootCAs: c.RootCAs, MinVersion: tls.VersionTLS12},
		Protocols:              http1,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
}

var errTooLong = errors.New("the answer is larger than 1 MiB")
