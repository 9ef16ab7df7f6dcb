package authserver_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// A spec is the expected answer, and whether the refresh token is spent by it.
type spec struct {
	kind   string
	status int    // 0: no answer
	cut    bool   // the body ends before its Content-Length
	has    string // in the body
	spent  bool
}

func refreshSpecs() []spec {
	const html = "<!DOCTYPE html>"
	object := func(code string) string {
		return `","type":"invalid_request_error","param":null,"code":"` + code + `"}}`
	}
	return []spec{
		{kind: authserver.DropBefore},
		{kind: authserver.DropAfter, spent: true},
		{kind: authserver.Delay, status: 200, has: `"access_token":"`, spent: true},
		{kind: authserver.Redirect, status: 307, has: html},
		{kind: authserver.Status403, status: 403, has: html},
		{kind: authserver.Status404, status: 404, has: html},
		{kind: authserver.Status408, status: 408, has: html},
		{kind: authserver.Status429, status: 429, has: html},
		{kind: authserver.Status500, status: 500, has: html},
		{kind: authserver.Status502, status: 502, has: html, spent: true},
		{kind: authserver.Status503, status: 503, has: html},
		{kind: authserver.Truncated, status: 200, cut: true, has: `{"access_token":"`, spent: true},
		{kind: authserver.TruncatedClose, status: 200, has: `{"access_token":"`, spent: true},
		{kind: authserver.HTML200, status: 200, has: html, spent: true},
		{kind: authserver.Oversized, status: 200, has: strings.Repeat("x", 1<<20), spent: true},
		{kind: authserver.NoExpiresIn, status: 200, has: `"access_token":"`, spent: true},
		{kind: authserver.NoRefreshToken, status: 200, has: `"access_token":"`, spent: true},
		{kind: authserver.NoAccessToken, status: 200, has: `"refresh_token":"`, spent: true},
		{kind: authserver.NoIDToken, status: 200, has: `"access_token":"`, spent: true},
		{kind: authserver.WrongTokenType, status: 200, has: `"token_type":"mac"`, spent: true},
		{kind: authserver.OtherUser, status: 200, has: `"id_token":"`, spent: true},
		{kind: authserver.InvalidGrant, status: 400, has: `{"error":"invalid_grant","error_description":"`},
		{kind: authserver.RefreshTokenExpired, status: 401, has: object("refresh_token_expired")},
		{kind: authserver.RefreshTokenReused, status: 401, has: object("refresh_token_reused")},
		{kind: authserver.RefreshTokenInvalidated, status: 401, has: object("refresh_token_invalidated")},
		{kind: authserver.TokenExpired, status: 401, has: object("token_expired")},
		{kind: authserver.AppSessionTerminated, status: 400, has: object("app_session_terminated")},
	}
}

func TestRefreshFaults(t *testing.T) {
	for _, tt := range refreshSpecs() {
		t.Run(tt.kind, func(t *testing.T) {
			both(t, func(t *testing.T, c *client) {
				token := c.signIn().RefreshToken
				fault := authserver.Fault{Kind: tt.kind, Grant: authserver.GrantRefresh, Delay: time.Millisecond}
				if err := c.s.Fail(fault); err != nil {
					t.Fatal(err)
				}
				a, err := c.do(c.refresh(token))
				tt.check(t, a, err)
				c.checkLogged(tt, token)
				if fault.AfterProcessing() != tt.spent {
					t.Errorf("AfterProcessing is %t", !tt.spent)
				}
				if tt.spent {
					c.wantRefused(c.must(c.refresh(token)), authserver.RefreshTokenReused)
				} else {
					c.tokens(c.must(c.refresh(token)))
				}
			})
		})
	}
}

func (tt spec) check(t *testing.T, a answer, err error) {
	t.Helper()
	switch {
	case tt.status == 0 && !errors.Is(err, io.EOF):
		t.Errorf("the error is %v, want the end of the connection", err)
	case tt.cut && !errors.Is(err, io.ErrUnexpectedEOF):
		t.Errorf("the error is %v, want an unexpected end", err)
	case tt.status != 0 && !tt.cut && err != nil:
		t.Error(err)
	}
	if a.status != tt.status || !strings.Contains(a.body, tt.has) {
		t.Errorf("status %d, body %.200s; want %d and %.200s", a.status, a.body, tt.status, tt.has)
	}
	truncated := tt.kind == authserver.Truncated || tt.kind == authserver.TruncatedClose
	if truncated && strings.Contains(a.body, "}") {
		t.Errorf("the body is whole: %s", a.body)
	}
}

// checkLogged checks the log entry of the refresh with the fault: it exists even without an answer.
func (c *client) checkLogged(tt spec, token string) {
	c.t.Helper()
	log := c.s.Log()
	e := log[len(log)-1]
	if e.Fault != tt.kind || e.Status != tt.status || e.Presented != authserver.Digest(token) {
		c.t.Errorf("the log has fault %q, status %d, presented %q", e.Fault, e.Status, e.Presented)
	}
	issued := e.IssuedAccess != "" && e.IssuedRefresh != "" && e.Generation == 2
	if issued != tt.spent {
		c.t.Errorf("the log has issued %q and %q, generation %d", e.IssuedAccess, e.IssuedRefresh, e.Generation)
	}
}

func TestMissingMembers(t *testing.T) {
	for kind, member := range map[string]string{
		authserver.NoExpiresIn:    "expires_in",
		authserver.NoRefreshToken: "refresh_token",
		authserver.NoAccessToken:  "access_token",
		authserver.NoIDToken:      "id_token",
	} {
		both(t, func(t *testing.T, c *client) {
			if err := c.s.Fail(authserver.Fault{Kind: kind}); err != nil {
				t.Fatal(err)
			}
			if a := c.must(c.exchange(c.code())); a.status != http.StatusOK || strings.Contains(a.body, `"`+member+`"`) {
				t.Errorf("%s: status %d, body %s", kind, a.status, a.body)
			}
		})
	}
}

func TestOtherUser(t *testing.T) {
	c := start(t, authserver.Options{})
	first := c.signIn()
	if err := c.s.Fail(authserver.Fault{Kind: authserver.OtherUser}); err != nil {
		t.Fatal(err)
	}
	second := c.tokens(c.must(c.refresh(first.RefreshToken)))
	mine, theirs := c.claims(first.IDToken), c.claims(second.IDToken)
	for _, claim := range []string{"sub", "email", "https://api.openai.com/auth"} {
		if cmp.Equal(mine[claim], theirs[claim]) {
			t.Errorf("the claim %s is the same", claim)
		}
	}
	if !cmp.Equal(mine["iss"], theirs["iss"]) {
		t.Error("the issuer differs too")
	}
}

func TestAuthorizeFaults(t *testing.T) {
	for _, tt := range []struct {
		kind  string
		wrong func(c *client, query map[string][]string) bool
	}{
		{authserver.WrongState, func(_ *client, q map[string][]string) bool {
			return q["state"] != nil && q["state"][0] != "the-state" && q["code"] != nil
		}},
		{authserver.NoIss, func(_ *client, q map[string][]string) bool { return q["iss"] == nil && q["code"] != nil }},
		{authserver.WrongIss, func(c *client, q map[string][]string) bool {
			return q["iss"] != nil && q["iss"][0] != c.s.URL() && q["code"] != nil
		}},
		{authserver.AccessDenied, func(_ *client, q map[string][]string) bool {
			return q["code"] == nil && q["state"][0] == "the-state" && q["error"][0] == "access_denied"
		}},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
			if err := c.s.Fail(authserver.Fault{Kind: tt.kind}); err != nil {
				t.Fatal(err)
			}
			if query := c.location(c.get(c.authorizeQuery())); !tt.wrong(c, query) {
				t.Errorf("the redirect has %v", query)
			}
			if query := c.location(c.get(c.authorizeQuery())); tt.wrong(c, query) {
				t.Errorf("the next redirect has %v too", query)
			}
		})
	}
}

func TestOtherFaults(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	for _, kind := range []string{authserver.WrongIssuer, authserver.SlowDown} {
		if err := c.s.Fail(authserver.Fault{Kind: kind}); err != nil {
			t.Fatal(err)
		}
	}
	a := c.get("/.well-known/oauth-authorization-server")
	if !strings.Contains(a.body, `"issuer":"`+c.s.URL()+`/other"`) {
		t.Errorf("the metadata is %s", a.body)
	}
	f := c.startFlow()
	if err := c.s.ApproveDevice(f.userCode); err != nil {
		t.Fatal(err)
	}
	f.want(http.StatusBadRequest, "slow_down")
}

// TestEveryKindIsTested checks that every kind is in one of the tests above.
func TestEveryKindIsTested(t *testing.T) {
	tested := make([]string, 0, len(authserver.Kinds()))
	tested = append(tested, authserver.WrongState, authserver.NoIss, authserver.WrongIss, authserver.AccessDenied,
		authserver.WrongIssuer, authserver.SlowDown)
	for _, s := range refreshSpecs() {
		tested = append(tested, s.kind)
	}
	tested = append(tested, authserver.Frames()...)
	slices.Sort(tested)
	if diff := cmp.Diff(authserver.Kinds(), tested); diff != "" {
		t.Errorf("kinds (-there +tested):\n%s", diff)
	}
}

func TestRetryAfter(t *testing.T) {
	c := start(t, authserver.Options{})
	for _, f := range []authserver.Fault{{Kind: authserver.Status503, RetryAfter: 30}, {Kind: authserver.Status429}} {
		if err := c.s.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.get("/oauth/authorize").header["Retry-After"]; !slices.Equal(got, []string{"30"}) {
		t.Errorf("Retry-After is %q, want 30", got)
	}
	if got := c.get("/oauth/authorize").header["Retry-After"]; got != nil {
		t.Errorf("Retry-After is %q, want none", got)
	}
}

func TestRedirectLeadsElsewhere(t *testing.T) {
	c := start(t, authserver.Options{})
	if err := c.s.Fail(authserver.Fault{Kind: authserver.Redirect}); err != nil {
		t.Fatal(err)
	}
	a := c.must(c.refresh("any"))
	res, err := http.Post(a.header.Get("Location"), "text/plain", nil)
	if err != nil {
		t.Fatalf("status %d: %v", a.status, err)
	}
	res.Body.Close()
	if n := c.s.Count(authserver.GrantElsewhere); n != 1 {
		t.Errorf("%d requests elsewhere, want 1", n)
	}
}

func TestFaultsQueue(t *testing.T) {
	c := start(t, authserver.Options{})
	for _, f := range []authserver.Fault{
		{Kind: authserver.Status503, Grant: authserver.GrantRefresh, Times: 2},
		{Kind: authserver.Status429, Grant: authserver.GrantRevoke},
		{Kind: authserver.Status403, Times: authserver.Forever},
	} {
		if err := c.s.Fail(f); err != nil {
			t.Fatal(err)
		}
	}
	refresh := func() int { return c.must(c.refresh("any")).status }
	revoke := func() int { return c.must(c.json(c.ep.revoke, "token", "any", "client_id", c.id)).status }
	got := []int{revoke(), refresh(), refresh(), refresh(), revoke(), refresh()}
	if want := []int{429, 503, 503, 403, 403, 403}; !slices.Equal(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
	if n := c.s.Heal(); n != 1 {
		t.Errorf("%d faults were left, want 1", n)
	}
	if status := revoke(); status != http.StatusOK {
		t.Errorf("status %d after Heal, want 200", status)
	}
}

func TestFailRefuses(t *testing.T) {
	c := start(t, authserver.Options{})
	for name, f := range map[string]authserver.Fault{
		"no kind":                     {},
		"an unknown kind":             {Kind: "504"},
		"an unknown grant":            {Kind: authserver.Status503, Grant: "refresh"},
		"a kind of another grant":     {Kind: authserver.WrongState, Grant: authserver.GrantRefresh},
		"a number of times below all": {Kind: authserver.Status503, Times: -2},
	} {
		if err := c.s.Fail(f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseFault(t *testing.T) {
	for text, want := range map[string]authserver.Fault{
		"503": {Kind: "503"},
		"delay grant=refresh_token times=-1 delay=2s": {Kind: "delay", Grant: "refresh_token", Times: -1, Delay: 2 * time.Second},
		" 429  retry-after=30 ":                       {Kind: "429", RetryAfter: 30},
	} {
		if got, err := authserver.ParseFault(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "503 times=x", "503 delay=2", "503 often", "503 retry-after="} {
		if _, err := authserver.ParseFault(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
