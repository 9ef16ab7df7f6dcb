package refresh

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// timers is a fake clock's timers, which fire on demand.
type timers struct {
	mu      sync.Mutex
	times   []time.Duration
	stopped []bool
	fire    []func()
	started chan struct{} // gets one for each timer
}

func newTimers() *timers { return &timers{started: make(chan struct{}, 9)} }

func (ts *timers) after(d time.Duration, f func()) func() bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	i := len(ts.times)
	ts.times, ts.stopped, ts.fire = append(ts.times, d), append(ts.stopped, false), append(ts.fire, f)
	ts.started <- struct{}{}
	return func() bool {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		was := ts.stopped[i]
		ts.stopped[i] = true
		return !was
	}
}

// last fires the newest timer.
func (ts *timers) last() {
	ts.mu.Lock()
	f := ts.fire[len(ts.fire)-1]
	ts.mu.Unlock()
	f()
}

// slowServer answers with a byte now and then, for ever.
func slowServer(t *testing.T, status int, begun chan<- struct{}) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			if i == 0 {
				begun <- struct{}{}
			}
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestLimit checks that a slow answer is limited to 30 seconds in all, and to 90 seconds if the request sends a grant.
func TestLimit(t *testing.T) {
	const short, long = 30 * time.Second, 90 * time.Second
	secret := helper.NewSecret("a-secret")
	for _, c := range []struct {
		name   string
		status int
		want   []time.Duration
		call   func(context.Context, *Client, helper.Issuer) error
	}{
		{"metadata", 200, []time.Duration{short, short}, func(ctx context.Context, c *Client, iss helper.Issuer) error {
			_, err := c.Issuer(ctx, Settings{Profile: ProfileOAuth, Issuer: iss.URL, ClientID: "me"})
			return err
		}},
		{"device code", 200, []time.Duration{short}, func(ctx context.Context, c *Client, iss helper.Issuer) error {
			_, err := c.StartDevice(ctx, iss)
			return err
		}},
		{"poll without an answer", 400, []time.Duration{short}, poll},
		{"poll that is answered", 200, []time.Duration{short, long}, poll},
		{"revocation", 500, []time.Duration{short}, func(ctx context.Context, c *Client, iss helper.Issuer) error {
			return c.Revoke(ctx, iss, secret, "refresh_token")
		}},
		{"code", 200, []time.Duration{long}, func(ctx context.Context, c *Client, iss helper.Issuer) error {
			_, err := c.Redeem(ctx, iss, secret, secret, "http://127.0.0.1:1/")
			return err
		}},
		{"refresh", 200, []time.Duration{long}, func(ctx context.Context, c *Client, iss helper.Issuer) error {
			return c.present(ctx, helper.Credential{Issuer: iss, RefreshToken: secret}, nil).problem(nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := make(chan struct{}, len(c.want))
			base := slowServer(t, c.status, begun)
			iss := helper.Issuer{
				Profile: ProfileOAuth, URL: base, TokenEndpoint: base, RevocationEndpoint: base,
				DeviceEndpoint: base,
			}
			ts := newTimers()
			client := &Client{Now: time.Now, after: ts.after} //nolint:forbidigo // nothing here depends on the time
			ended := make(chan error, 1)
			go func() { ended <- c.call(t.Context(), client, iss) }()
			for range len(c.want) {
				<-ts.started
				if c.name == "poll that is answered" {
					<-ts.started
					ts.last()
					break
				}
				<-begun
				ts.last()
			}
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "it took too long") {
				t.Errorf("error %v, want that it took too long", err)
			}
			if !slices.Equal(ts.times, c.want) {
				t.Errorf("the bounds are %v, want %v", ts.times, c.want)
			}
		})
	}
}

// TestLimit_PollRefused checks that an answer without tokens gets no more time than any other.
func TestLimit_PollRefused(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		w.WriteHeader(http.StatusBadRequest)
	}))
	t.Cleanup(s.Close)
	ts := newTimers()
	client := &Client{Now: time.Now, after: ts.after} //nolint:forbidigo // nothing here depends on the time
	_ = poll(t.Context(), client, helper.Issuer{Profile: ProfileOAuth, URL: s.URL, TokenEndpoint: s.URL})
	if !slices.Equal(ts.times, []time.Duration{30 * time.Second}) || !ts.stopped[0] {
		t.Errorf("the bounds are %v, stopped %v; want one of 30s, stopped", ts.times, ts.stopped)
	}
}

func poll(ctx context.Context, c *Client, iss helper.Issuer) error {
	_, err := c.PollDevice(ctx, iss, DeviceCode{Code: helper.NewSecret("d"), Interval: time.Second})
	return err
}
