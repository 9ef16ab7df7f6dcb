package refresh

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// TestStart checks that a call counts as sent from begin on, unless the first function fails or the call has ended.
func TestStart(t *testing.T) {
	failure := errors.New("no space")
	for _, c := range []struct {
		name  string
		first error
		steps []string // begin and end, in order
		calls []string // of first and begun
		begin error
		sent  bool // says the last end
	}{
		{"never begun", nil, []string{"end"}, nil, nil, false},
		{"begun", nil, []string{"begin", "end"}, []string{"first", "begun"}, nil, true},
		{"first fails", failure, []string{"begin", "end"}, []string{"first"}, failure, false},
		{"ended before it was begun", nil, []string{"end", "begin", "end"}, nil, errCallEnded, false},
		{"begun again", nil, []string{"begin", "end", "begin", "end"}, []string{"first", "begun"}, errCallEnded, true},
	} {
		var calls []string
		var err error
		var sent bool
		s := &sendState{
			beforeFirstByte: func() error { calls = append(calls, "first"); return c.first },
			onSent:          func() { calls = append(calls, "begun") },
		}
		for _, step := range c.steps {
			if step == "begin" {
				err = s.begin()
			} else {
				sent = s.end()
			}
		}
		if !errors.Is(err, c.begin) || (err == nil) != (c.begin == nil) || sent != c.sent || !slices.Equal(calls, c.calls) {
			t.Errorf("%s: begin %v, sent %t, calls %q; want %v, %t, %q", c.name, err, sent, calls, c.begin, c.sent, c.calls)
		}
	}
}

// TestOnceRead checks that the body yields nothing if it must not be sent, however often it is read, and that begin is
// called once.
func TestOnceRead(t *testing.T) {
	failure, asked := errors.New("no space"), 0
	o := &onceReader{text: strings.NewReader("body"), begin: func() error { asked++; return failure }}
	for range 2 {
		if b, err := io.ReadAll(o); len(b) > 0 || !errors.Is(err, failure) {
			t.Errorf("read %q, error %v", b, err)
		}
	}
	o = &onceReader{text: strings.NewReader("body"), begin: func() error { asked++; return nil }}
	if b, err := io.ReadAll(io.MultiReader(io.LimitReader(o, 1), o)); string(b) != "body" || err != nil || asked != 2 {
		t.Errorf("read %q, error %v, asked %d times", b, err, asked-1)
	}
}

// rawServer sends the answer on the first connection before it reads, and then returns all that it received until the
// client closes.
func rawServer(t *testing.T, answer string) (address string, got <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	all := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, answer)
		b, _ := io.ReadAll(c)
		_ = c.Close()
		all <- string(b)
	}()
	return l.Addr().String(), all
}

func plainClient() *Client {
	return &Client{Now: func() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }}
}

// TestPresent_FirstFails checks that no byte of the body is sent if the first function fails.
func TestPresent_FirstFails(t *testing.T) {
	address, got := rawServer(t, "")
	failure := errors.New("no space")
	iss := helper.Issuer{Profile: ProfileOAuth, TokenEndpoint: "http://" + address + "/token"}
	a := plainClient().present(t.Context(),
		helper.Credential{Issuer: iss, RefreshToken: helper.NewSecret("the-refresh-token")}, func() error { return failure })
	if a.sent || a.err == nil || a.status != 0 {
		t.Errorf("sent %t, status %d, error %v; want an error and nothing sent", a.sent, a.status, a.err)
	}
	if text := <-got; strings.Contains(text, "the-refresh-token") || strings.Contains(text, "grant_type") {
		t.Errorf("the server got %q", text)
	}
}

// TestPresent_AnsweredEarly checks an answer that arrives before the request is read. With tokens the call counts as
// sent; otherwise only if a byte may have been sent.
func TestPresent_AnsweredEarly(t *testing.T) {
	tokens := "HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n" + `{"access_token":"a","token_type":"Bearer"}`
	var calls sync.WaitGroup
	defer calls.Wait()
	for _, c := range []struct {
		answer string
		status int
	}{
		{tokens, 200},
		{"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", 413},
		{"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", 407},
	} {
		for range 20 {
			address, got := rawServer(t, c.answer)
			calls.Go(func() { presentEarly(t, address, got, c.status) })
		}
	}
}

// presentEarly checks that a call to a server that answers with the status first counts as sent if the token went out.
func presentEarly(t *testing.T, address string, got <-chan string, status int) {
	t.Helper()
	var begun atomic.Bool
	iss := helper.Issuer{Profile: ProfileOAuth, TokenEndpoint: "http://" + address + "/token"}
	of := helper.Credential{Issuer: iss, RefreshToken: helper.NewSecret("the-refresh-token")}
	a := plainClient().present(t.Context(), of, func() error { begun.Store(true); return nil })
	if a.err == nil && (a.status != status || a.sent != (begun.Load() || status == http.StatusOK)) {
		t.Errorf("%d: status %d, sent %t, begun %t", status, a.status, a.sent, begun.Load())
	}
	if text := <-got; strings.Contains(text, "the-refresh-token") && !a.sent {
		t.Errorf("%d: the refresh token went out and does not count as sent", status)
	}
}
