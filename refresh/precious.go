package refresh

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/codex-cred/codex-cred/refresh/internal/salvage"
)

const (
	// maxRaw bounds a precious answer in bytes, with its header. What arrived up
	// to there is kept.
	maxRaw = 4 << 20
	// maxEager is up to which size an answer is looked at with every piece that
	// arrives; a longer one when no more has arrived for a while.
	maxEager = 256 << 10
	idleGap  = 100 * time.Millisecond
	// lingerTime is how long more is waited for when an answer is whole by its
	// frame, but means nothing: the frame may be wrong.
	lingerTime = 2 * time.Second
	// drainTime is how long what has arrived already is read when the time of
	// the call is over.
	drainTime = time.Second
)

// roundTripRaw makes the call on a connection of its own and reads whatever comes
// into a.raw: not the frame, but the tokens say what is an answer. net/http
// would throw away what breaks the rules of HTTP.
func (c *Client) roundTripRaw(ctx context.Context, call call, begin func() error, a *answer) error {
	req, err := c.request(ctx, call, nil)
	if err != nil {
		return err
	}
	conn, proxy, err := c.connect(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	text, err := requestBytes(req, call.body, proxy != nil, func() { setProxyAuthorization(req, proxy) })
	if err != nil {
		return err
	}
	if err := begin(); err != nil {
		return err
	}
	// A server may answer and close before it has read all that it was sent, so
	// what it answers counts even if it cannot be written.
	done := make(chan struct{})
	defer close(done)
	wrote := make(chan error, 1)
	go func() {
		_, err := conn.Write(text)
		wrote <- err
	}()
	read := rawReader{answer: a, pieces: readPieces(conn, done)}
	if err = read.readAll(ctx); errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	select {
	case failed := <-wrote:
		if err != nil && len(a.raw) == 0 {
			err = joinErrors(failed, err)
		}
	default:
	}
	return err
}

// requestBytes is what goes out, in one piece.
func requestBytes(req *http.Request, body string, toProxy bool, authorize func()) ([]byte, error) {
	req.Body, req.Close = io.NopCloser(bytes.NewBufferString(body)), true
	var text bytes.Buffer
	if !toProxy {
		err := req.Write(&text)
		return text.Bytes(), err
	}
	authorize()
	err := req.WriteProxy(&text)
	return text.Bytes(), err
}

// A piece is what one read of a connection brought.
type piece struct {
	bytes []byte
	err   error
}

// readPieces reads the connection until it fails or done is closed.
func readPieces(conn net.Conn, done <-chan struct{}) <-chan piece {
	all := make(chan piece)
	go func() {
		for {
			b := make([]byte, 32<<10)
			n, err := conn.Read(b)
			select {
			case all <- piece{b[:n], err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return all
}

// A rawReader is an answer that arrives.
type rawReader struct {
	*answer
	pieces <-chan piece
}

// readAll reads until the answer is whole, the connection fails or ctx ends. What
// has arrived by then is read before the end of ctx counts.
func (r *rawReader) readAll(ctx context.Context) error {
	ended := ctx.Done()
	var gap, drained <-chan time.Time
	for {
		select {
		case p := <-r.pieces:
			room := min(len(p.bytes), maxRaw-len(r.raw))
			r.raw = append(r.raw, p.bytes[:room]...)
			switch {
			case p.err != nil:
				return r.closeError(p.err)
			case room < len(p.bytes):
				r.parseRaw(errTooLarge)
				return errTooLarge
			case len(r.raw) > maxEager:
				gap = time.After(idleGap)
				continue
			}
			enough, framed := r.isComplete()
			if enough {
				return nil
			}
			if gap = nil; framed {
				gap = time.After(lingerTime)
			}
		case <-gap:
			enough, framed := r.isComplete()
			if enough || framed {
				return nil
			}
			gap = nil
		case <-ended:
			ended, drained = nil, time.After(drainTime)
		case <-drained:
			r.parseRaw(context.Cause(ctx))
			return context.Cause(ctx)
		}
	}
}

// closeError is nil if the connection may end here.
func (r *rawReader) closeError(err error) error {
	r.parseRaw(nil)
	parsed := salvage.Parse(r.raw)
	if parsed.Whole || errors.Is(err, io.EOF) && parsed.UntilClose && len(r.raw) > 0 {
		return nil
	}
	r.parseRaw(err)
	return err
}

// isComplete reports whether no more need be waited for: the tokens are there, or
// another answer that can be told. Framed: by its frame it is whole, but it says
// nothing.
func (r *rawReader) isComplete() (enough, framed bool) {
	r.parseRaw(nil)
	parsed := salvage.Parse(r.raw)
	found := r.bestCandidate(parsed)
	switch {
	case found.whole && found.usable():
		return found.hasRefresh() || parsed.Whole || parsed.UntilClose, parsed.Whole
	case len(parseFault(r.body).codes) > 0:
		return parsed.Whole || parsed.UntilClose, parsed.Whole
	}
	return false, parsed.Whole
}

// parseRaw fills in what the raw answer says. Cut is why there is no more of it.
func (a *answer) parseRaw(cut error) {
	parsed := salvage.Parse(a.raw)
	a.status, a.body, a.err = parsed.Status, parsed.Text(), cut
	a.retryAfter, a.date = parsed.Header.Get("Retry-After"), parsed.Header.Get("Date")
}

var errTooLarge = errors.New("the answer is larger than 4 MiB")
