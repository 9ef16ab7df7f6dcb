package signin

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	issuer = "https://issuer.example"
	state  = "the-state"
)

func testAttempt() *attempt {
	iss := helper.Issuer{
		Profile: refresh.ProfileOAuth, URL: issuer, IssRequired: true,
		AuthorizationEndpoint: issuer + "/authorize",
	}
	redirect := url.URL{Scheme: "http", Host: "127.0.0.1:1455", Path: "/auth/callback"}
	return newAttempt(iss, redirect, helper.NewSecret(state))
}

// TestCallback_Ignored checks that a request that does not belong to the attempt gets an error page and changes
// nothing.
func TestCallback_Ignored(t *testing.T) {
	const right = "/auth/callback?code=c&state=the-state&iss=https://issuer.example"
	for _, c := range []struct {
		name, method, host, target string
		want                       int
	}{
		{"a foreign host", "GET", "evil.example:1455", right, 400},
		{"a foreign host with our port", "GET", "evil.example", right, 400},
		{"another port", "GET", "127.0.0.1:1457", right, 400},
		{"another name of ours", "GET", "localhost:1455", right, 400},
		{"no host", "GET", "", right, 400},
		{"another path", "GET", "127.0.0.1:1455", "/auth/callback/x?code=c&state=the-state", 404},
		{"an escaped path", "GET", "127.0.0.1:1455", "/auth%2Fcallback?code=c&state=the-state", 404},
		{"cancel", "GET", "127.0.0.1:1455", "/cancel", 404},
		{"the root", "GET", "127.0.0.1:1455", "/", 404},
		{"POST", "POST", "127.0.0.1:1455", right, 405},
		{"HEAD", "HEAD", "127.0.0.1:1455", right, 405},
		{"OPTIONS", "OPTIONS", "127.0.0.1:1455", right, 405},
		{"no query", "GET", "127.0.0.1:1455", "/auth/callback", 400},
		{"no state", "GET", "127.0.0.1:1455", "/auth/callback?code=c", 400},
		{"an empty state", "GET", "127.0.0.1:1455", "/auth/callback?code=c&state=", 400},
		{"another state", "GET", "127.0.0.1:1455", "/auth/callback?code=c&state=other", 400},
		{"the start of the state", "GET", "127.0.0.1:1455", "/auth/callback?code=c&state=the-stat", 400},
		{"an error with another state", "GET", "127.0.0.1:1455", "/auth/callback?error=access_denied&state=other", 400},
		{"two states", "GET", "127.0.0.1:1455", right + "&state=other", 400},
		{"two codes", "GET", "127.0.0.1:1455", right + "&code=d", 400},
		{"a semicolon", "GET", "127.0.0.1:1455", right + ";code=d", 400},
		{"a bad escape", "GET", "127.0.0.1:1455", right + "&x=%zz", 400},
		{"more than 8 KiB", "GET", "127.0.0.1:1455", right + "&x=" + strings.Repeat("x", 8<<10), 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := testAttempt()
			a.finish(nil)
			r := httptest.NewRequest(c.method, c.target, nil)
			r.Host = c.host
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			if w.Code != c.want {
				t.Errorf("status %d, want %d", w.Code, c.want)
			}
			if len(a.responses) != 0 {
				t.Error("it ended the wait")
			}
			wantStrict(t, w.Result())
		})
	}
}

func wantStrict(t *testing.T, resp *http.Response) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'",
		"Referrer-Policy":         "no-referrer",
		"Cache-Control":           "no-store",
		"X-Content-Type-Options":  "nosniff",
		"Content-Type":            "text/html; charset=utf-8",
	} {
		if got := resp.Header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if resp.Header.Get("Location") != "" {
		t.Error("the page leads elsewhere")
	}
}

// TestCallback_Response checks that a request that belongs to the attempt ends the wait, with a code or an error.
func TestCallback_Response(t *testing.T) {
	for _, c := range []struct {
		name, query string
		want        error
		text        string // in the error
	}{
		{"a code", "code=c&iss=https://issuer.example", nil, ""},
		{"a parameter nobody knows", "code=c&iss=https://issuer.example&session_state=x", nil, ""},
		{"no iss", "code=c", helper.ErrRejected, "iss"},
		{"an empty iss", "code=c&iss=", helper.ErrRejected, `it names the issuer "", and`},
		{
			"another iss", "code=c&iss=https://evil.example", helper.ErrRejected,
			`it names the issuer "https://evil.example", and "https://issuer.example" was asked for`,
		},
		{"an iss with a slash", "code=c&iss=https://issuer.example/", helper.ErrRejected, "differs by the slash at its end"},
		{
			"an error of another iss", "error=access_denied&iss=https://evil.example", helper.ErrRejected,
			"https://evil.example",
		},
		{
			"denied", "error=access_denied&error_description=No+way&iss=https://issuer.example", helper.ErrSignInRequired,
			"issuer.example answered access_denied: No way",
		},
		{"trouble", "error=server_error&iss=https://issuer.example", helper.ErrTemporary, "server_error"},
		{
			"control characters", "error=a%0ab%1b[31m&error_description=%E2%80%AEevil%0d%0a&iss=https://issuer.example",
			helper.ErrSignInRequired, "answered a b[31m: evil: ",
		},
		{"neither", "iss=https://issuer.example", helper.ErrRejected, "neither"},
		{"an empty code", "code=&iss=https://issuer.example", helper.ErrRejected, "neither"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := testAttempt()
			a.finish(nil)
			r := httptest.NewRequest(http.MethodGet, "/auth/callback?state=the-state&"+c.query, nil)
			r.Host = "127.0.0.1:1455"
			a.ServeHTTP(httptest.NewRecorder(), r)
			if len(a.responses) != 1 {
				t.Fatal("it did not end the wait")
			}
			got := <-a.responses
			if !errors.Is(got.err, c.want) || (got.err == nil) != (c.want == nil) {
				t.Fatalf("error %v, want %v", got.err, c.want)
			}
			if got.err != nil && !strings.Contains(got.err.Error(), c.text) {
				t.Errorf("error %q, want %q in it", got.err, c.text)
			}
			if (got.code.Reveal() == "c") != (c.want == nil) {
				t.Errorf("the code is %q", got.code.Reveal())
			}
		})
	}
}

// TestCallback_PageTellsTheTruth checks that the page shows the result of the exchange, also on a second request.
func TestCallback_PageTellsTheTruth(t *testing.T) {
	for _, c := range []struct {
		end  error
		want int
	}{{nil, 200}, {errors.New("the code is of no use"), 400}} {
		a := testAttempt()
		a.finish(c.end)
		for range 2 {
			r := httptest.NewRequest(http.MethodGet, "/auth/callback?state=the-state&code=c&iss=https://issuer.example", nil)
			r.Host = "127.0.0.1:1455"
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			if w.Code != c.want || strings.Contains(w.Body.String(), "of no use") {
				t.Errorf("status %d, want %d; page %s", w.Code, c.want, w.Body)
			}
			wantStrict(t, w.Result())
		}
		if len(a.responses) != 1 {
			t.Errorf("%d responses arrived, want 1", len(a.responses))
		}
	}
}

func TestRedirects(t *testing.T) {
	for _, c := range []struct {
		iss  helper.Issuer
		want string
	}{
		{
			helper.Issuer{Profile: refresh.ProfileOpenAI},
			"http://127.0.0.1:1455/auth/callback http://127.0.0.1:1457/auth/callback",
		},
		{helper.Issuer{Profile: refresh.ProfileOAuth}, "http://127.0.0.1:0/callback"},
		{helper.Issuer{Profile: refresh.ProfileOpenAI, RedirectURI: "http://[::1]:9/x"}, "http://[::1]:9/x"},
	} {
		places, err := redirects(c.iss)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]string, 0, len(places))
		for _, p := range places {
			got = append(got, p.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("redirects %v, want %s", got, c.want)
		}
	}
}

func TestListen_TakesTheFirstFreePort(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	taken := url.URL{Scheme: "http", Host: busy.Addr().String(), Path: "/x"}
	free := url.URL{Scheme: "http", Host: "127.0.0.1:0", Path: "/x"}
	l, got, err := listen(t.Context(), []url.URL{taken, free})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got.Host != l.Addr().String() || got.Path != "/x" {
		t.Errorf("redirect %s, listening on %s", got.String(), l.Addr())
	}
	_, _, err = listen(t.Context(), []url.URL{taken, taken})
	if !errors.Is(err, helper.ErrTemporary) || strings.Count(err.Error(), taken.Host) < 2 ||
		strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v, want ErrTemporary that names the ports in one line", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := listen(ctx, []url.URL{taken}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
}

// TestServe_AbsoluteForm checks over a real connection that a request line with another host is rejected.
func TestServe_AbsoluteForm(t *testing.T) {
	l, redirect, err := listen(t.Context(), []url.URL{{Scheme: "http", Host: "127.0.0.1:0", Path: "/auth/callback"}})
	if err != nil {
		t.Fatal(err)
	}
	a := testAttempt()
	a.redirect = redirect
	stop := a.serve(l)
	defer stop(context.WithoutCancel(t.Context()))
	c, err := net.Dial("tcp", redirect.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := "GET http://evil.example/auth/callback?code=c&state=the-state HTTP/1.1\r\nHost: " + redirect.Host +
		"\r\n\r\n"
	if _, err := c.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusBadRequest || len(a.responses) != 0 {
		t.Errorf("status %d, %d responses arrived; want 400 and none", resp.StatusCode, len(a.responses))
	}
}

// FuzzCallback checks that only the right state ends the wait, with either a code or a printable error of one line.
func FuzzCallback(f *testing.F) {
	for _, seed := range []string{
		"", "code=c&state=the-state", "code=c&state=the-state&iss=https://issuer.example",
		"error=x%0a&error_description=%e2%80%ae&state=the-state&iss=https://issuer.example",
		"state=the-state&state=the-state", "state=the-state&iss=&code", "a;b", "%",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		a := testAttempt()
		a.finish(nil)
		r := httptest.NewRequest(http.MethodGet, "/auth/callback", nil)
		r.Host, r.URL.RawQuery = "127.0.0.1:1455", query
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		values, err := url.ParseQuery(query)
		ours := err == nil && values.Get("state") == state
		if len(a.responses) == 1 && !ours || w.Code == http.StatusOK && !ours {
			t.Fatalf("status %d for a query without the state", w.Code)
		}
		if len(a.responses) == 0 {
			return
		}
		wantValid(t, <-a.responses, values)
	})
}

func wantValid(t *testing.T, got response, sent url.Values) {
	t.Helper()
	switch {
	case (got.err == nil) == got.code.IsZero():
		t.Error("there is neither a code nor an error, or both")
	case got.err == nil && (sent.Get("iss") != issuer || got.code.Reveal() != sent.Get("code")):
		t.Error("a code of another issuer, or another code")
	case got.err != nil &&
		strings.ContainsFunc(got.err.Error(), func(r rune) bool { return r < ' ' || r == '\u202e' || r == 0x9b }):
		t.Errorf("the error is not fit for a terminal: %q", got.err)
	}
}

// TestUnheard checks that without a listener the first redirect URI is used, with a port that browsers show.
func TestUnheard(t *testing.T) {
	for _, c := range []struct {
		iss  helper.Issuer
		want string
	}{
		{helper.Issuer{Profile: refresh.ProfileOpenAI}, "http://127.0.0.1:1455/auth/callback"},
		{helper.Issuer{Profile: refresh.ProfileOAuth}, "http://127.0.0.1:1455/callback"},
		{helper.Issuer{Profile: refresh.ProfileOAuth, RedirectURI: "http://[::1]:9/x"}, "http://[::1]:9/x"},
	} {
		places, err := redirects(c.iss)
		if err != nil {
			t.Fatal(err)
		}
		if got := manualRedirect(places); got.String() != c.want {
			t.Errorf("redirect URI %s, want %s", got.String(), c.want)
		}
	}
}
