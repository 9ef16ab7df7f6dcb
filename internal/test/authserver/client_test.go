package authserver_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// verifier is the code verifier of every sign-in in these tests.
const verifier = "a-verifier-of-sufficient-length-for-rfc-7636"

const callback = "http://127.0.0.1:1455/auth/callback"

// A client is a client of the server under test that knows nothing of OAuth.
type client struct {
	t  *testing.T
	s  *authserver.Server
	id string
	ep endpoints
}

type endpoints struct{ authorize, token, revoke, device, deviceToken, page string }

// An answer is a complete response of the server.
type answer struct {
	status int
	header http.Header
	body   string
}

func start(t *testing.T, o authserver.Options) *client {
	t.Helper()
	s, err := authserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if o.Profile == authserver.ProfileOAuth {
		return &client{t, s, authserver.OAuthClientID, endpoints{
			"/authorize", "/token", "/revoke", "/device_authorization", "/token", "/device",
		}}
	}
	return &client{t, s, authserver.OpenAIClientID, endpoints{
		"/oauth/authorize", "/oauth/token", "/oauth/revoke",
		"/api/accounts/deviceauth/usercode", "/api/accounts/deviceauth/token", "/codex/device",
	}}
}

// both runs the test for each profile.
func both(t *testing.T, test func(t *testing.T, c *client)) {
	for _, profile := range []string{authserver.ProfileOpenAI, authserver.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) { test(t, start(t, authserver.Options{Profile: profile})) })
	}
}

// do sends the request and does not follow redirects.
func (c *client) do(req *http.Request) (answer, error) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), parts.Patience(c.t))
	defer cancel()
	h := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := h.Do(req.WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

func (c *client) must(req *http.Request) answer {
	c.t.Helper()
	a, err := c.do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (c *client) getRequest(path string) *http.Request {
	req, err := http.NewRequest(http.MethodGet, c.s.URL()+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return req
}

func (c *client) get(path string) answer {
	c.t.Helper()
	return c.must(c.getRequest(path))
}

func (c *client) post(path, contentType, body string) *http.Request {
	req, err := http.NewRequest(http.MethodPost, c.s.URL()+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	return req
}

func (c *client) form(path string, pairs ...string) *http.Request {
	return c.post(path, "application/x-www-form-urlencoded", values(pairs).Encode())
}

func (c *client) json(path string, pairs ...string) *http.Request {
	members := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i]] = pairs[i+1]
	}
	body, err := json.Marshal(members)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.post(path, "application/json", string(body))
}

func values(pairs []string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// authorizeQuery returns a valid authorization request in which the pairs replace parameters; an
// empty value removes one.
func (c *client) authorizeQuery(pairs ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	v := values([]string{
		"response_type", "code", "client_id", c.id, "redirect_uri", callback,
		"code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method", "S256",
		"state", "the-state", "scope", "openid profile email offline_access",
	})
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return c.ep.authorize + "?" + v.Encode()
}

// location returns the query of the redirect.
func (c *client) location(a answer) url.Values {
	c.t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusFound {
		c.t.Fatalf("status %d, location %q", a.status, a.header.Get("Location"))
	}
	return u.Query()
}

// code signs in up to the authorization code.
func (c *client) code() string {
	c.t.Helper()
	return c.location(c.get(c.authorizeQuery())).Get("code")
}

// exchange returns the request that redeems the code, in which the pairs replace parameters.
func (c *client) exchange(code string, pairs ...string) *http.Request {
	return c.form(c.ep.token, append([]string{
		"grant_type", "authorization_code", "client_id", c.id, "code", code,
		"redirect_uri", callback, "code_verifier", verifier,
	}, pairs...)...)
}

func (c *client) refresh(token string) *http.Request {
	return c.form(c.ep.token, "grant_type", "refresh_token", "client_id", c.id, "refresh_token", token)
}

// A tokenAnswer is the body of a token answer.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	Scope        string `json:"scope"`
}

func (c *client) tokens(a answer) tokenAnswer {
	c.t.Helper()
	var tokens tokenAnswer
	if err := json.Unmarshal([]byte(a.body), &tokens); err != nil || a.status != http.StatusOK {
		c.t.Fatalf("status %d, body %s", a.status, a.body)
	}
	return tokens
}

// signIn completes a sign-in.
func (c *client) signIn() tokenAnswer {
	c.t.Helper()
	return c.tokens(c.must(c.exchange(c.code())))
}

// claims decodes the payload of a JWT.
func (c *client) claims(token string) map[string]any {
	c.t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		c.t.Fatalf("%d segments, want 3", len(parts))
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		c.t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(payload, &claims); err != nil {
		c.t.Fatal(err)
	}
	return claims
}

// A clock is a fake clock that the test advances.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
