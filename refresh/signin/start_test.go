package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/peeruser"
)

// A visit is one request of a browser to the listener.
type visit struct {
	what   string
	by     peeruser.Relation
	target string // start, or the callback
	cookie bool   // the browser brings the cookie of the first that was led on
	want   int    // the status
}

const (
	start      = "start"
	callback   = "callback"
	other      = peeruser.Other
	self       = peeruser.Self
	system     = peeruser.System
	unknown    = peeruser.Unknown
	gone       = peeruser.Gone
	withCookie = true
	noCookie   = false
)

// TestStart checks that the start address redirects one browser to the issuer, and that only that browser may deliver
// the response, unless the system confirms that another belongs to this user too.
func TestStart(t *testing.T) {
	for _, c := range []struct {
		name   string
		visits []visit
		notes  string // in what the person is told; empty: nothing is told
		end    error  // of the sign-in, if it has one
		coded  bool   // the code arrives
	}{
		{"this user", []visit{
			{"opens", self, start, noCookie, 303},
			{"answers", self, callback, withCookie, 200},
		}, "", nil, true},
		{"this user reloads", []visit{
			{"opens", self, start, noCookie, 303},
			{"opens again", self, start, withCookie, 303},
		}, "", nil, false},
		{"this user copies the page's address into another browser", []visit{
			{"opens", self, start, noCookie, 303},
			{"answers", self, callback, noCookie, 200},
		}, "", nil, true},
		{"this user opens it in two browsers", []visit{
			{"opens", self, start, noCookie, 303},
			{"opens again", self, start, noCookie, 403},
			{"the first answers", self, callback, withCookie, 200},
		}, "another browser opened the one-time address", nil, true},
		{"another user comes first", []visit{
			{"other opens", other, start, noCookie, 403},
			{"opens", self, start, noCookie, 303},
			{"other answers", other, callback, noCookie, 403},
			{"answers", self, callback, withCookie, 200},
		}, "user 1001 (mallory) of this computer tried to open", nil, true},
		{"another user with the cookie", []visit{
			{"opens", self, start, noCookie, 303},
			{"other opens", other, start, withCookie, 403},
			{"other answers", other, callback, withCookie, 403},
		}, "tried to complete", nil, false},
		{"a closed connection hides its user", []visit{
			{"opens", gone, start, noCookie, 403},
			{"opens", self, start, noCookie, 303},
			{"answers", gone, callback, withCookie, 403},
		}, "", nil, false},
		{"a tunnel", []visit{
			{"opens", system, start, noCookie, 303},
			{"another browser answers", system, callback, noCookie, 403},
			{"answers", system, callback, withCookie, 200},
		}, "did not open this sign-in", nil, true},
		{"a virtual machine", []visit{
			{"opens", unknown, start, noCookie, 303},
			{"another browser answers", unknown, callback, noCookie, 403},
			{"answers", unknown, callback, withCookie, 200},
		}, "did not open this sign-in", nil, true},
		{"nothing was opened, and the address is visited", []visit{
			{"answers", unknown, callback, noCookie, 200},
		}, "", nil, true},
		{"two of unknown users", []visit{
			{"opens", unknown, start, noCookie, 303},
			{"opens again", unknown, start, noCookie, 403},
			{"the first answers", unknown, callback, withCookie, 200},
		}, "", helper.ErrRejected, false},
		{"an unknown user comes first", []visit{
			{"opens", unknown, start, noCookie, 303},
			{"this user opens", self, start, noCookie, 403},
		}, "", helper.ErrRejected, false},
		{"this user comes first", []visit{
			{"opens", self, start, noCookie, 303},
			{"unknown opens", unknown, start, noCookie, 403},
			{"unknown answers", unknown, callback, noCookie, 403},
			{"answers", self, callback, noCookie, 200},
		}, "another browser opened", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBrowserTest(t)
			for _, v := range c.visits {
				b.visit(t, v)
			}
			b.wantNotes(t, c.notes)
			var got response
			if len(b.a.responses) > 0 {
				got = <-b.a.responses
			}
			if !errors.Is(got.err, c.end) || (got.err == nil) != (c.end == nil) || got.code.IsZero() == c.coded {
				t.Errorf("the sign-in ends with %v, and a code: %v; want %v, %v", got.err, !got.code.IsZero(), c.end, c.coded)
			}
		})
	}
}

// A browserTest is one attempt with fake peers.
type browserTest struct {
	a      *attempt
	by     peeruser.Relation
	notes  []string
	cookie string
}

func newBrowserTest(t *testing.T) *browserTest {
	t.Helper()
	b := &browserTest{a: testAttempt()}
	var err error
	if b.a.start, err = newStartAddress(rand.Reader); err != nil {
		t.Fatal(err)
	}
	b.a.authorize = issuer + "/authorize?state=" + state
	b.a.peer = func(context.Context, netip.AddrPort, netip.AddrPort) peeruser.User {
		if b.by == other {
			return peeruser.User{Relation: other, ID: "1001", Name: "mallory"}
		}
		return peeruser.User{Relation: b.by}
	}
	b.a.warn = func(text string) { b.notes = append(b.notes, text) }
	b.a.finish(nil)
	return b
}

func (b *browserTest) visit(t *testing.T, v visit) {
	t.Helper()
	target := map[string]string{
		start:    b.a.start.path,
		callback: "/auth/callback?code=c&state=the-state&iss=" + issuer,
	}[v.target]
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:1455", "127.0.0.1:50000"
	local := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:1455"))
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(local)))
	if v.cookie {
		r.Header.Set("Cookie", b.cookie)
	}
	b.by = v.by
	w := httptest.NewRecorder()
	b.a.ServeHTTP(w, r)
	if w.Code != v.want {
		t.Errorf("%s: status %d, want %d", v.what, w.Code, v.want)
	}
	if strings.Contains(w.Body.String(), state) {
		t.Errorf("%s: the page holds the state", v.what)
	}
	if w.Code != http.StatusSeeOther {
		wantStrict(t, w.Result())
		return
	}
	cookie := w.Result().Cookies()[0]
	b.cookie = cookie.Name + "=" + cookie.Value
	if w.Result().Header.Get("Location") != b.a.authorize || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode ||
		cookie.Path != "/" {
		t.Errorf("%s: led to %q with %v", v.what, w.Result().Header.Get("Location"), cookie)
	}
}

func (b *browserTest) wantNotes(t *testing.T, want string) {
	t.Helper()
	all := strings.Join(b.notes, "\n")
	if !strings.Contains(all, want) || want == "" && all != "" {
		t.Errorf("the person is told %q, want %q in it", all, want)
	}
	if strings.Contains(all, state) || b.cookie != "" && strings.Contains(all, b.cookie) {
		t.Error("what the person is told holds a secret")
	}
}

// TestStart_NotUsedUp checks that a prefetch, for example, does not use up the start address.
func TestStart_NotUsedUp(t *testing.T) {
	for _, c := range []struct {
		name, method, host, header string
		want                       int
	}{
		{"a browser that fetches ahead", "GET", "127.0.0.1:1455", "prefetch;prerender", 503},
		{"another method", "HEAD", "127.0.0.1:1455", "", 405},
		{"a name that resolves to this computer", "GET", "evil.example:1455", "", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBrowserTest(t)
			r := httptest.NewRequest(c.method, b.a.start.path, nil)
			r.Host = c.host
			r.Header.Set("Sec-Purpose", c.header)
			w := httptest.NewRecorder()
			b.a.ServeHTTP(w, r)
			if w.Code != c.want || w.Result().Header.Get("Location") != "" {
				t.Errorf("status %d to %q, want %d", w.Code, w.Result().Header.Get("Location"), c.want)
			}
			b.visit(t, visit{"opens", unknown, start, noCookie, 303})
		})
	}
}

// TestStart_Address checks that other paths are not found, and that addresses are unique.
func TestStart_Address(t *testing.T) {
	b, again := newBrowserTest(t), newBrowserTest(t)
	if b.a.start.path == again.a.start.path || b.a.start.cookie == again.a.start.cookie ||
		len(b.a.start.path) != len("/start/")+43 {
		t.Errorf("start addresses %s and %s", b.a.start.path, again.a.start.path)
	}
	if got, want := b.a.startURL(), "http://127.0.0.1:1455"+b.a.start.path; got != want {
		t.Errorf("the address is %s, want %s", got, want)
	}
	for _, path := range []string{
		"/start/", "/start", b.a.start.path + "/", b.a.start.path[:len(b.a.start.path)-1],
		again.a.start.path,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "127.0.0.1:1455"
		w := httptest.NewRecorder()
		b.a.ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, w.Code)
		}
	}
}

// TestStart_NotesAreBounded checks that the number of warnings is limited.
func TestStart_NotesAreBounded(t *testing.T) {
	b := newBrowserTest(t)
	for i := range 3 * maxNotes {
		b.a.noteOther(peeruser.User{Relation: other, ID: strings.Repeat("1", i%20+1)}, "open")
	}
	if len(b.notes) != maxNotes {
		t.Errorf("%d lines, want %d", len(b.notes), maxNotes)
	}
}
