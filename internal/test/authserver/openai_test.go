package authserver_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

func TestOpenAIAuthorize(t *testing.T) {
	c := start(t, authserver.Options{})
	for _, redirect := range []string{
		"http://127.0.0.1:1455/auth/callback", "http://localhost:1455/auth/callback",
		"http://127.0.0.1:1457/auth/callback", "http://localhost:1457/auth/callback",
	} {
		a := c.get(c.authorizeQuery("redirect_uri", redirect,
			"id_token_add_organizations", "true", "codex_cli_simplified_flow", "true", "originator", "codex_cli_rs"))
		form := regexp.MustCompile(`^` + regexp.QuoteMeta(redirect) + `\?code=ac_[A-Za-z0-9_-]{43}&state=the-state$`)
		if got := a.header.Get("Location"); a.status != http.StatusFound || !form.MatchString(got) {
			t.Errorf("status %d, location %q, want 302 and %s", a.status, got, form)
		}
	}
}

func TestOpenAIAuthorizeShowsErrorsToThePerson(t *testing.T) {
	c := start(t, authserver.Options{})
	for name, pairs := range map[string][]string{
		"another client":   {"client_id", "another"},
		"no client":        {"client_id", ""},
		"no redirect URI":  {"redirect_uri", ""},
		"another port":     {"redirect_uri", "http://127.0.0.1:1456/auth/callback"},
		"another host":     {"redirect_uri", "http://example.com:1455/auth/callback"},
		"another path":     {"redirect_uri", "http://127.0.0.1:1455/callback"},
		"another scheme":   {"redirect_uri", "https://127.0.0.1:1455/auth/callback"},
		"a query":          {"redirect_uri", "http://127.0.0.1:1455/auth/callback?x=1"},
		"a name before it": {"redirect_uri", "http://me@127.0.0.1:1455/auth/callback"},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.get(c.authorizeQuery(pairs...))
			if a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
				t.Errorf("status %d, location %q, want 400 and none", a.status, a.header.Get("Location"))
			}
		})
	}
}

func TestAuthorizeSendsErrorsToTheClient(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		pairs      []string
	}{
		{"no response type", "unsupported_response_type", []string{"response_type", ""}},
		{"the implicit grant", "unsupported_response_type", []string{"response_type", "token"}},
		{"no scope", "invalid_scope", []string{"scope", ""}},
		{"no state", "invalid_request", []string{"state", ""}},
		{"no PKCE", "invalid_request", []string{"code_challenge", "", "code_challenge_method", ""}},
		{"plain PKCE", "invalid_request", []string{"code_challenge_method", "plain"}},
		{"a short challenge", "invalid_request", []string{"code_challenge", "short"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both(t, func(t *testing.T, c *client) {
				query := c.location(c.get(c.authorizeQuery(tt.pairs...)))
				if query.Get("error") != tt.want || query.Has("code") {
					t.Errorf("the redirect has %v, want the error %s and no code", query, tt.want)
				}
			})
		})
	}
}

func TestAnyLoopbackPort(t *testing.T) {
	c := start(t, authserver.Options{AnyLoopbackPort: true})
	if a := c.get(c.authorizeQuery("redirect_uri", "http://127.0.0.1:40001/auth/callback")); a.status != http.StatusFound {
		t.Errorf("status %d, want 302", a.status)
	}
	if a := c.get(c.authorizeQuery("redirect_uri", "http://example.com:40001/auth/callback")); a.status != http.StatusBadRequest {
		t.Errorf("another host: status %d, want 400", a.status)
	}
}

func TestOpenAITokens(t *testing.T) {
	clock := newClock()
	c := start(t, authserver.Options{Now: clock.Now, Life: 10 * 24 * time.Hour})
	tokens := c.signIn()
	if !strings.HasPrefix(tokens.RefreshToken, "rt_") || tokens.ExpiresIn != 864_000 {
		t.Errorf("the answer is %+v", tokens)
	}
	auth := map[string]any{
		"chatgpt_account_id": "account-1", "chatgpt_plan_type": "plus",
		"chatgpt_user_id": "user-1", "user_id": "user-1",
	}
	now := float64(clock.Now().Unix())
	wantID := map[string]any{
		"iss": c.s.URL(), "aud": []any{authserver.OpenAIClientID}, "sub": "subject-1", "email": "user@example.com",
		"iat": now, "exp": now + 3600, "https://api.openai.com/auth": auth,
	}
	if diff := cmp.Diff(wantID, c.claims(tokens.IDToken)); diff != "" {
		t.Errorf("claims of the id_token (-want +got):\n%s", diff)
	}
	access := c.claims(tokens.AccessToken)
	if access["jti"] == "" {
		t.Error("the access token has no jti")
	}
	delete(access, "jti")
	wantAccess := map[string]any{
		"iss": c.s.URL(), "aud": []any{"https://api.openai.com/v1"}, "sub": "subject-1",
		"client_id": authserver.OpenAIClientID, "scp": "openid profile email offline_access",
		"iat": now, "exp": now + 864_000, "https://api.openai.com/auth": auth,
		"https://api.openai.com/profile": map[string]any{"email": "user@example.com", "email_verified": true},
	}
	if diff := cmp.Diff(wantAccess, access); diff != "" {
		t.Errorf("claims of the access token (-want +got):\n%s", diff)
	}
}

func TestSetUserIsForTheNextSignIn(t *testing.T) {
	c := start(t, authserver.Options{Padding: 1000})
	first := c.signIn()
	c.s.SetUser(authserver.User{Subject: "subject-2"})
	refreshed := c.tokens(c.must(c.refresh(first.RefreshToken)))
	if got := c.claims(refreshed.IDToken)["sub"]; got != "subject-1" {
		t.Errorf("a refresh changed the subject to %v", got)
	}
	claims := c.claims(c.signIn().IDToken)
	if _, has := claims["email"]; claims["sub"] != "subject-2" || has {
		t.Errorf("the next sign-in has the claims %v", claims)
	}
	if len(first.AccessToken) < 1000 {
		t.Errorf("a padded access token has %d bytes", len(first.AccessToken))
	}
}

// TestOpenAIRefreshBytes compares bodies with those of OpenAI's server, byte for byte.
func TestOpenAIRefreshBytes(t *testing.T) {
	const reused = `{"error":{"message":"Your refresh token has already been used to generate a new access token. Please try signing in again.","type":"invalid_request_error","param":null,"code":"refresh_token_reused"}}`
	c := start(t, authserver.Options{})
	refresh := func(token string) *http.Request {
		return c.json(c.ep.token, "client_id", c.id, "grant_type", "refresh_token", "refresh_reason", "proactive_expiry", "refresh_token", token)
	}
	first := c.signIn()
	c.tokens(c.must(refresh(first.RefreshToken)))
	a := c.must(refresh(first.RefreshToken))
	if a.status != http.StatusUnauthorized || a.body != reused || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("status %d, content type %q, body\n%s\nwant 401, application/json and\n%s", a.status, a.header.Get("Content-Type"), a.body, reused)
	}
}

func TestOpenAIContentTypes(t *testing.T) {
	c := start(t, authserver.Options{})
	tokens := c.signIn()
	for name, req := range map[string]*http.Request{
		"code exchange as JSON": c.json(c.ep.token, "grant_type", "authorization_code", "client_id", c.id, "code", c.code(),
			"redirect_uri", callback, "code_verifier", verifier),
		"revocation as a form":  c.form(c.ep.revoke, "token", tokens.RefreshToken, "token_type_hint", "refresh_token", "client_id", c.id),
		"device flow as a form": c.form(c.ep.device, "client_id", c.id),
		"refresh as text":       c.post(c.ep.token, "text/plain", "grant_type=refresh_token"),
	} {
		t.Run(name, func(t *testing.T) { c.wantInvalidRequest(c.must(req)) })
	}
	if !c.s.Accepts(tokens.AccessToken) {
		t.Error("a refused revocation revoked")
	}
}

func (c *client) wantInvalidRequest(a answer) {
	c.t.Helper()
	if a.status != http.StatusBadRequest || !strings.Contains(a.body, `"invalid_request"`) {
		c.t.Errorf("status %d, body %s; want 400 invalid_request", a.status, a.body)
	}
}

func TestRequestsThatBreakTheRules(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		token := c.signIn().RefreshToken
		body := url.Values{"grant_type": {"refresh_token"}, "client_id": {c.id}, "refresh_token": {token}}.Encode()
		const form = "application/x-www-form-urlencoded"
		withCredentials := c.post(c.ep.token, form, body)
		withCredentials.SetBasicAuth(c.id, "")
		for name, req := range map[string]*http.Request{
			"a parameter twice":   c.post(c.ep.token, form, body+"&client_id="+c.id),
			"a secret in the URL": c.post(c.ep.token+"?"+body, form, body),
			"a body too large":    c.post(c.ep.token, form, body+"&x="+strings.Repeat("x", 1<<20)),
			"JSON that is a list": c.post(c.ep.token, "application/json", "["),
			"credentials":         withCredentials,
		} {
			if a := c.must(req); a.status != http.StatusBadRequest && a.status != http.StatusUnauthorized {
				t.Errorf("%s: status %d, want 400 or 401", name, a.status)
			}
		}
		c.tokens(c.must(c.refresh(token)))
	})
}

func TestOpenAIRevokeOfAnAccessTokenHasNoClient(t *testing.T) {
	c := start(t, authserver.Options{})
	tokens := c.signIn()
	if a := c.must(c.json(c.ep.revoke, "token", tokens.RefreshToken, "token_type_hint", "refresh_token")); a.status != http.StatusUnauthorized {
		t.Errorf("a refresh token without client_id: status %d, want 401", a.status)
	}
	if a := c.must(c.json(c.ep.revoke, "token", tokens.AccessToken, "token_type_hint", "access_token")); a.status != http.StatusOK {
		t.Errorf("an access token without client_id: status %d, want 200", a.status)
	}
	c.wantInvalidRequest(c.must(c.json(c.ep.revoke, "client_id", c.id)))
}
