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

// A person has a browser on another machine: it ends at an address that it
// cannot load.
type person struct {
	world    *world
	address  chan string // where to sign in
	pastes   []string    // instead of the right address, first
	asked    int
	rejected []error
}

func newPerson(t *testing.T, o authserver.Options) *person {
	t.Helper()
	p := &person{world: newWorld(t, o), address: make(chan string, 1)}
	b := p.world.browser
	b.Open = nil
	b.Listening = func(address string) { p.address <- address }
	b.Pasted = func(ctx context.Context) (string, error) { return p.paste(t, ctx), nil }
	b.Rejected = func(why error) { p.rejected = append(p.rejected, why) }
	return p
}

func (p *person) paste(t *testing.T, ctx context.Context) string { //nolint:revive // t comes first in tests
	p.asked++
	if p.asked <= len(p.pastes) {
		return p.pastes[p.asked-1]
	}
	return ending(t, ctx, <-p.address)
}

// ending signs in at the address and returns the one that the browser is sent
// to.
func ending(t *testing.T, ctx context.Context, address string) string { //nolint:revive // t comes first in tests
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
		p := newPerson(t, authserver.Options{Profile: profile})
		p.pastes = []string{"", "the-code-alone", "http://127.0.0.1:1/other?code=c&state=s"}
		c, err := p.world.signIn(t)
		if err != nil || !p.world.server.Accepts(c.AccessToken.Reveal()) {
			t.Fatalf("error %v", err)
		}
		if p.asked != 4 || len(p.rejected) != 3 {
			t.Errorf("asked %d times, rejected %v; want 4 and 3", p.asked, p.rejected)
		}
		for _, why := range p.rejected {
			if text := why.Error(); strings.Contains(text, "alone") || strings.Contains(text, "other?") {
				t.Errorf("the reason repeats what was pasted: %s", text)
			}
		}
		if n := p.world.server.Count(authserver.GrantCode); n != 1 {
			t.Errorf("%d codes were sent, want 1", n)
		}
	})
}

// Rejected may be left out.
func TestPasted_NobodyHearsTheReason(t *testing.T) {
	p := newPerson(t, authserver.Options{})
	p.pastes = []string{"x"}
	p.world.browser.Rejected = nil
	if _, err := p.world.signIn(t); err != nil || p.asked != 2 {
		t.Errorf("error %v, asked %d times", err, p.asked)
	}
}

func TestPasted_Refusal(t *testing.T) {
	p := newPerson(t, authserver.Options{})
	if err := p.world.server.Fail(authserver.Fault{Kind: authserver.AccessDenied}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.world.signIn(t); !errors.Is(err, helper.ErrSignInRequired) || !strings.Contains(err.Error(), "access_denied") || p.asked != 1 {
		t.Errorf("error %v after %d pastes, want a refusal after 1", err, p.asked)
	}
}

// Busy ports do not matter to those who paste.
func TestPasted_WithoutListener(t *testing.T) {
	p := newPerson(t, authserver.Options{})
	address := p.occupy(t)
	c, err := p.world.signIn(t)
	if err != nil || c.Issuer.RedirectURI != "http://"+address+"/auth/callback" {
		t.Errorf("error %v, redirect URI %q", err, c.Issuer.RedirectURI)
	}
}

// occupy makes the port of the redirect URI a busy one.
func (p *person) occupy(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	p.world.iss.RedirectURI = "http://" + l.Addr().String() + "/auth/callback"
	return l.Addr().String()
}

// Without anybody who pastes busy ports end the sign-in, and the error names
// them.
func TestPortsError(t *testing.T) {
	p := newPerson(t, authserver.Options{})
	address := p.occupy(t)
	p.world.browser.Pasted = nil
	_, err := p.world.signIn(t)
	busy := (*signin.PortsError)(nil)
	if !errors.As(err, &busy) || len(busy.Addresses) != 1 || busy.Addresses[0] != address || !errors.Is(err, helper.ErrTemporary) {
		t.Errorf("error %#v, want a PortsError of %s and ErrTemporary", err, address)
	}
}

// A closed standard input ends a sign-in that nothing else can answer, and no
// other.
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
			p := newPerson(t, authserver.Options{})
			p.world.browser.Pasted = func(context.Context) (string, error) { p.asked++; return "", c.err }
			p.occupy(t)
			_, err := p.world.signIn(t)
			if !errors.Is(err, helper.ErrTemporary) || !errors.Is(err, c.wraps) || !strings.Contains(err.Error(), c.text) || p.asked != 1 {
				t.Errorf("without a listener: error %v, asked %d times", err, p.asked)
			}

			p = newPerson(t, authserver.Options{})
			b := p.world.browser
			noMore := make(chan struct{})
			b.Pasted = func(context.Context) (string, error) { close(noMore); return "", c.err }
			b.Open = func(ctx context.Context, address string) error {
				<-noMore
				return authserver.Browse(ctx, address)
			}
			if _, err := p.world.signIn(t); err != nil {
				t.Errorf("with a listener: %v", err)
			}
		})
	}
}

// The listener answers while the person's terminal waits: the sign-in ends, and
// Pasted is let go.
func TestPasted_ListenerWins(t *testing.T) {
	p := newPerson(t, authserver.Options{})
	b := p.world.browser
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
	if _, err := p.world.signIn(t); err != nil {
		t.Error(err)
	}
	<-letGo
	if len(p.rejected) != 0 {
		t.Errorf("a paste after the end was judged: %v", p.rejected)
	}
	if err := (<-opened).Err(); err != nil {
		t.Errorf("the end of the sign-in closes the browser: %v", err)
	}
}

// A Pasted that never returns does not hold up the end.
func TestPasted_NeverReturns(t *testing.T) {
	p := newPerson(t, authserver.Options{})
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	p.world.browser.Pasted = func(context.Context) (string, error) { <-forever; return "", io.EOF }
	ctx, cancel := context.WithCancel(t.Context())
	p.world.browser.Listening = func(string) { cancel() }
	if _, err := p.world.browser.SignIn(ctx, p.world.iss); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
}

// A person has 5 minutes, unless the owner says otherwise.
func TestBrowser_Limit(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{0: 5 * time.Minute, time.Hour: time.Hour} {
		w := newWorld(t, authserver.Options{})
		var waits []time.Duration
		w.browser.Open = nil
		w.browser.Limit = limit
		w.browser.After = func(d time.Duration) <-chan time.Time {
			waits = append(waits, d)
			passed := make(chan time.Time, 1)
			passed <- time.Time{}
			return passed
		}
		_, err := w.signIn(t)
		if len(waits) != 1 || waits[0] != want || !errors.Is(err, helper.ErrTemporary) || !strings.Contains(err.Error(), want.String()) {
			t.Errorf("waits %v, error %v; want one of %s", waits, err, want)
		}
	}
}

// Whatever the limit, a state of another attempt is not taken.
func TestPasted_OfAnotherAttempt(t *testing.T) {
	first := newPerson(t, authserver.Options{Profile: refresh.ProfileOAuth})
	var old string
	first.world.browser.Pasted = func(ctx context.Context) (string, error) {
		old = ending(t, ctx, <-first.address)
		return old, nil
	}
	if _, err := first.world.signIn(t); err != nil {
		t.Fatal(err)
	}
	second := newPerson(t, authserver.Options{Profile: refresh.ProfileOAuth})
	second.pastes = []string{old}
	if _, err := second.world.signIn(t); err != nil || len(second.rejected) != 1 || !strings.Contains(second.rejected[0].Error(), "another sign-in") {
		t.Errorf("error %v, rejected %v; want one that names another sign-in", err, second.rejected)
	}
}
