package signin_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
	"github.com/codex-cred/codex-cred/refresh/signin"
)

// A terminalUser has a browser on another machine, which ends at an address that it cannot load.
type terminalUser struct {
	env      *environment
	address  chan string // where to sign in
	pastes   []string    // instead of the right address, first
	asked    int
	rejected []error
}

func newTerminalUser(t *testing.T, o authserver.Options) *terminalUser {
	t.Helper()
	user := &terminalUser{env: newEnvironment(t, o), address: make(chan string, 1)}
	b := user.env.browser
	b.Open = nil
	b.Listening = func(address string) { user.address <- address }
	b.Pasted = func(ctx context.Context) (string, error) { return user.paste(t, ctx), nil }
	b.Rejected = func(why error) { user.rejected = append(user.rejected, why) }
	return user
}

func (user *terminalUser) paste(t *testing.T, ctx context.Context) string { //nolint:revive // t comes first in tests
	user.asked++
	if user.asked <= len(user.pastes) {
		return user.pastes[user.asked-1]
	}
	return redirectAddress(t, ctx, <-user.address)
}

// redirectAddress signs in at the address and returns the address that the browser is redirected to.
func redirectAddress(t *testing.T, ctx context.Context, address string) string { //nolint:revive // t comes first in tests
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Error(err)
		return ""
	}
	_ = resp.Body.Close()
	return resp.Header.Get("Location")
}

func TestPasted(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		user := newTerminalUser(t, authserver.Options{Profile: profile})
		user.pastes = []string{"", "the-code-alone", "http://127.0.0.1:1/other?code=c&state=s"}
		c, err := user.env.signIn(t)
		if err != nil || !user.env.server.Accepts(c.AccessToken.Reveal()) {
			t.Fatalf("error %v", err)
		}
		if user.asked != 4 || len(user.rejected) != 3 {
			t.Errorf("asked %d times, rejected %v; want 4 and 3", user.asked, user.rejected)
		}
		for _, why := range user.rejected {
			if text := why.Error(); strings.Contains(text, "alone") || strings.Contains(text, "other?") {
				t.Errorf("the reason repeats what was pasted: %s", text)
			}
		}
		if n := user.env.server.Count(authserver.GrantCode); n != 1 {
			t.Errorf("%d codes were sent, want 1", n)
		}
	})
}

// TestPasted_NobodyHearsTheReason checks that Rejected may be nil.
func TestPasted_NobodyHearsTheReason(t *testing.T) {
	user := newTerminalUser(t, authserver.Options{})
	user.pastes = []string{"x"}
	user.env.browser.Rejected = nil
	if _, err := user.env.signIn(t); err != nil || user.asked != 2 {
		t.Errorf("error %v, asked %d times", err, user.asked)
	}
}

func TestPasted_Refusal(t *testing.T) {
	user := newTerminalUser(t, authserver.Options{})
	if err := user.env.server.Fail(authserver.Fault{Kind: authserver.AccessDenied}); err != nil {
		t.Fatal(err)
	}
	if _, err := user.env.signIn(t); !errors.Is(err, helper.ErrSignInRequired) ||
		!strings.Contains(err.Error(), "access_denied") || user.asked != 1 {
		t.Errorf("error %v after %d pastes, want a refusal after 1", err, user.asked)
	}
}

// TestPasted_WithoutListener checks that pasting works when the ports are in use.
func TestPasted_WithoutListener(t *testing.T) {
	user := newTerminalUser(t, authserver.Options{})
	address := user.occupy(t)
	c, err := user.env.signIn(t)
	if err != nil || c.Issuer.RedirectURI != "http://"+address+"/auth/callback" {
		t.Errorf("error %v, redirect URI %q", err, c.Issuer.RedirectURI)
	}
}

// occupy listens on the port of the redirect URI.
func (user *terminalUser) occupy(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	user.env.iss.RedirectURI = "http://" + l.Addr().String() + "/auth/callback"
	return l.Addr().String()
}

// TestPortsError checks that without Pasted busy ports fail the sign-in, and that the error names them.
func TestPortsError(t *testing.T) {
	user := newTerminalUser(t, authserver.Options{})
	address := user.occupy(t)
	user.env.browser.Pasted = nil
	_, err := user.env.signIn(t)
	busy := (*signin.PortsError)(nil)
	if !errors.As(err, &busy) || len(busy.Addresses) != 1 || busy.Addresses[0] != address ||
		!errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %#v, want a PortsError of %s and ErrTemporary", err, address)
	}
}

// TestPasted_NoMore checks that a closed standard input fails a sign-in without a listener, and no other.
func TestPasted_NoMore(t *testing.T) {
	broken := errors.New("the terminal is gone")
	for _, c := range []struct {
		name  string
		err   error
		text  string
		wraps error
	}{
		{"the end of the input", io.EOF, "nobody pasted", helper.ErrTemporary},
		{"another error", broken, "the terminal is gone", broken},
	} {
		t.Run(c.name, func(t *testing.T) {
			user := newTerminalUser(t, authserver.Options{})
			user.env.browser.Pasted = func(context.Context) (string, error) { user.asked++; return "", c.err }
			user.occupy(t)
			_, err := user.env.signIn(t)
			if !errors.Is(err, helper.ErrTemporary) || !errors.Is(err, c.wraps) || !strings.Contains(err.Error(), c.text) ||
				user.asked != 1 {
				t.Errorf("without a listener: error %v, asked %d times", err, user.asked)
			}

			user = newTerminalUser(t, authserver.Options{})
			b := user.env.browser
			noMore := make(chan struct{})
			b.Pasted = func(context.Context) (string, error) { close(noMore); return "", c.err }
			b.Open = func(ctx context.Context, address string) error {
				<-noMore
				return authserver.Browse(ctx, address)
			}
			if _, err := user.env.signIn(t); err != nil {
				t.Errorf("with a listener: %v", err)
			}
		})
	}
}

// TestPasted_ListenerWins checks that a response at the listener ends the sign-in while Pasted waits, and cancels
// Pasted.
func TestPasted_ListenerWins(t *testing.T) {
	user := newTerminalUser(t, authserver.Options{})
	b := user.env.browser
	letGo := make(chan struct{})
	b.Pasted = func(ctx context.Context) (string, error) {
		<-ctx.Done()
		defer close(letGo)
		return "too late", nil
	}
	opened := make(chan context.Context, 1)
	b.Open = func(ctx context.Context, address string) error {
		opened <- ctx
		return authserver.Browse(ctx, address)
	}
	if _, err := user.env.signIn(t); err != nil {
		t.Error(err)
	}
	<-letGo
	if len(user.rejected) != 0 {
		t.Errorf("a paste after the end was judged: %v", user.rejected)
	}
	if err := (<-opened).Err(); err != nil {
		t.Errorf("the end of the sign-in closes the browser: %v", err)
	}
}

// TestPasted_NeverReturns checks that a Pasted that never returns does not delay SignIn.
func TestPasted_NeverReturns(t *testing.T) {
	user := newTerminalUser(t, authserver.Options{})
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	user.env.browser.Pasted = func(context.Context) (string, error) { <-forever; return "", io.EOF }
	ctx, cancel := context.WithCancel(t.Context())
	user.env.browser.Listening = func(string) { cancel() }
	if _, err := user.env.browser.SignIn(ctx, user.env.iss); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
}

// TestBrowser_Limit checks that the limit is 5 minutes unless Limit is set.
func TestBrowser_Limit(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, time.Hour: time.Hour} {
		env := newEnvironment(t, authserver.Options{})
		var waits []time.Duration
		env.browser.Open = nil
		env.browser.Limit = limit
		env.browser.After = func(d time.Duration) <-chan time.Time {
			waits = append(waits, d)
			passed := make(chan time.Time, 1)
			passed <- time.Time{}
			return passed
		}
		_, err := env.signIn(t)
		if len(waits) != 1 || waits[0] != want || !errors.Is(err, helper.ErrTemporary) ||
			!strings.Contains(err.Error(), want.String()) {
			t.Errorf("waits %v, error %v; want one of %s", waits, err, want)
		}
	}
}

// TestPasted_OfAnotherAttempt checks that a state of another attempt is not accepted.
func TestPasted_OfAnotherAttempt(t *testing.T) {
	first := newTerminalUser(t, authserver.Options{Profile: refresh.ProfileOAuth})
	var old string
	first.env.browser.Pasted = func(ctx context.Context) (string, error) {
		old = redirectAddress(t, ctx, <-first.address)
		return old, nil
	}
	if _, err := first.env.signIn(t); err != nil {
		t.Fatal(err)
	}
	second := newTerminalUser(t, authserver.Options{Profile: refresh.ProfileOAuth})
	second.pastes = []string{old}
	if _, err := second.env.signIn(t); err != nil || len(second.rejected) != 1 ||
		!strings.Contains(second.rejected[0].Error(), "another sign-in") {
		t.Errorf("error %v, rejected %v; want one that names another sign-in", err, second.rejected)
	}
}
