package authserver_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

func TestMetadata(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		options    authserver.Options
	}{
		{"RFC 8414", "/.well-known/oauth-authorization-server", authserver.Options{}},
		{"RFC 8414 with a path", "/.well-known/oauth-authorization-server/tenant", authserver.Options{IssuerPath: "/tenant"}},
		{"OpenID", "/.well-known/openid-configuration", authserver.Options{OpenIDMetadata: true}},
		{"OpenID with a path", "/tenant/.well-known/openid-configuration", authserver.Options{OpenIDMetadata: true, IssuerPath: "/tenant"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Profile = authserver.ProfileOAuth
			c := start(t, tt.options)
			req := c.getRequest("")
			req.URL.Path = tt.path
			var got map[string]any
			if a := c.must(req); json.Unmarshal([]byte(a.body), &got) != nil {
				t.Fatalf("status %d, body %s", a.status, a.body)
			}
			if diff := cmp.Diff(wantMetadata(c.s.URL()), got); diff != "" {
				t.Errorf("metadata (-want +got):\n%s", diff)
			}
			c.tokens(c.must(c.exchange(c.code())))
		})
	}
}

func wantMetadata(issuer string) map[string]any {
	return map[string]any{
		"issuer":                                         issuer,
		"authorization_endpoint":                         issuer + "/authorize",
		"token_endpoint":                                 issuer + "/token",
		"revocation_endpoint":                            issuer + "/revoke",
		"device_authorization_endpoint":                  issuer + "/device_authorization",
		"response_types_supported":                       []any{"code"},
		"grant_types_supported":                          []any{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
		"code_challenge_methods_supported":               []any{"S256"},
		"token_endpoint_auth_methods_supported":          []any{"none"},
		"scopes_supported":                               []any{"openid", "profile", "email", "offline_access"},
		"authorization_response_iss_parameter_supported": true,
	}
}

func TestOpenAIHasNoMetadata(t *testing.T) {
	c := start(t, authserver.Options{})
	if a := c.get("/.well-known/oauth-authorization-server"); a.status != http.StatusNotFound {
		t.Errorf("status %d, want 404", a.status)
	}
}

func TestOAuthRedirects(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	for redirect, want := range map[string]int{
		"http://127.0.0.1:40001/":           http.StatusFound,
		"http://127.0.0.1:1/callback?a=b":   http.StatusFound,
		"http://[::1]:40001/callback":       http.StatusFound,
		"http://localhost:40001/callback":   http.StatusFound,
		"http://127.0.0.1/callback":         http.StatusBadRequest,
		"http://192.0.2.1:40001/callback":   http.StatusBadRequest,
		"https://127.0.0.1:40001/callback":  http.StatusBadRequest,
		"http://127.0.0.1:40001/callback#f": http.StatusBadRequest,
	} {
		if a := c.get(c.authorizeQuery("redirect_uri", redirect)); a.status != want {
			t.Errorf("%s: status %d, want %d", redirect, a.status, want)
		}
	}
}

func TestOAuthSendsIss(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	for name, path := range map[string]string{
		"a code":   c.authorizeQuery(),
		"an error": c.authorizeQuery("response_type", "token"),
	} {
		query := c.location(c.get(path))
		if query.Get("iss") != c.s.URL() || query.Get("state") != "the-state" {
			t.Errorf("%s: iss %q, state %q", name, query.Get("iss"), query.Get("state"))
		}
	}
}

func TestOAuthErrorBytes(t *testing.T) {
	const want = `{"error":"invalid_grant","error_description":"Your refresh token has already been used to generate a new access token. Please try signing in again."}`
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	first := c.signIn()
	c.tokens(c.must(c.refresh(first.RefreshToken)))
	a := c.must(c.refresh(first.RefreshToken))
	if a.status != http.StatusBadRequest || a.body != want || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, headers %v, body\n%s\nwant 400, no-store and\n%s", a.status, a.header, a.body, want)
	}
}

func TestOAuthTakesFormsOnly(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	tokens := c.signIn()
	for name, req := range map[string]*http.Request{
		"refresh":    c.json(c.ep.token, "grant_type", "refresh_token", "client_id", c.id, "refresh_token", tokens.RefreshToken),
		"revocation": c.json(c.ep.revoke, "token", tokens.RefreshToken, "client_id", c.id),
		"device":     c.json(c.ep.device, "client_id", c.id),
	} {
		t.Run(name, func(t *testing.T) { c.wantInvalidRequest(c.must(req)) })
	}
	c.tokens(c.must(c.refresh(tokens.RefreshToken)))
}

func TestOAuthTokens(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth, Padding: 500})
	tokens := c.signIn()
	if strings.Contains(tokens.AccessToken, ".") || len(tokens.AccessToken) < 500 {
		t.Errorf("the access token has %d bytes and is not opaque", len(tokens.AccessToken))
	}
	if got := c.claims(tokens.IDToken)["sub"]; got != "subject-1" {
		t.Errorf("sub is %v", got)
	}
	plain := c.location(c.get(c.authorizeQuery("scope", "models.read"))).Get("code")
	if got := c.tokens(c.must(c.exchange(plain))); got.IDToken != "" || got.Scope != "models.read" {
		t.Errorf("without openid the answer has an id_token, or the scope %q", got.Scope)
	}
}

func TestStartRefuses(t *testing.T) {
	for name, o := range map[string]authserver.Options{
		"an unknown profile":      {Profile: "saml"},
		"a path without a slash":  {IssuerPath: "tenant"},
		"a path that ends in one": {IssuerPath: "/tenant/"},
	} {
		if s, err := authserver.Start(o); err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
		}
	}
}
