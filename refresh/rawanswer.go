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
	// maxRaw limits the size of a raw answer in bytes, with its header. A longer answer is kept up to there.
	maxRaw = 4 << 20
	// maxEager is the size up to which an answer is parsed after every read. A longer one is parsed after a pause in
	// the data.
	maxEager = 256 << 10
	idleGap  = 100 * time.Millisecond
	// lingerTime is how long to wait for more data when the answer is complete by its framing but contains no tokens or
	// error: the framing may be wrong.
	lingerTime = 2 * time.Second
	// drainTime is how long data that has already arrived is read after the call's timeout.
	drainTime = time.Second
)

// roundTripRaw makes the call on a new connection and reads all received bytes into a.raw. Whether an answer is
// complete is decided by the tokens in it, not by its framing. net/http would discard an answer that violates HTTP.
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
	// A server may answer and close before it has read the whole request, so its answer counts even if the write
	// failed.
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

// requestBytes returns the request as it is sent.
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

// A piece is the result of one read.
type piece struct {
	bytes []byte
	err   error
}

// readPieces reads the connection until a read fails or done is closed.
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

// A rawReader reads an answer as it arrives.
type rawReader struct {
	*answer
	pieces <-chan piece
}

// readAll reads until the answer is complete, the connection fails or ctx is done. Data that has arrived before ctx is
// done is still read.
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

// closeError returns nil if the answer is complete now that the connection is closed.
func (r *rawReader) closeError(err error) error {
	r.parseRaw(nil)
	parsed := salvage.Parse(r.raw)
	if parsed.Whole || errors.Is(err, io.EOF) && parsed.UntilClose && len(r.raw) > 0 {
		return nil
	}
	r.parseRaw(err)
	return err
}

// isComplete reports whether reading can stop: the answer contains the tokens, or an error. Framed means that the
// answer is complete by its framing but contains neither.
func (r *rawReader) isComplete() (enough, framed bool) {
	r.parseRaw(nil)
	parsed := salvage.Parse(r.raw)
	found := r.bestCandidate(parsed)
	switch {
	case found.whole && found.isUsable():
		return found.hasRefresh() || parsed.Whole || parsed.UntilClose, parsed.Whole
	case len(parseFault(r.body).codes) > 0:
		return parsed.Whole || parsed.UntilClose, parsed.Whole
	}
	return false, parsed.Whole
}

// parseRaw sets the answer's fields from its raw bytes. Cut is why there are no more bytes.
func (a *answer) parseRaw(cut error) {
	parsed := salvage.Parse(a.raw)
	a.status, a.body, a.err = parsed.Status, parsed.Text(), cut
	a.retryAfter, a.date = parsed.Header.Get("Retry-After"), parsed.Header.Get("Date")
}

var errTooLarge = errors.New("the answer is larger than 4 MiB")
