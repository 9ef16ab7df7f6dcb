package fositetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
)

const (
	clientID = "codex-cred-test"
	subject  = "peter"
)

// A server is fosite behind the endpoints of an authorization server, with one public client and
// one user that approves everything.
type server struct {
	url      string
	provider fosite.OAuth2Provider

	// mu serializes requests, because fosite's memory store has data races. It guards the fields
	// below.
	mu     sync.Mutex
	config *fosite.Config
	seen   map[string]int // requests by grant, and "revoke"
}

// serve starts a server with that lifetime of access tokens.
func serve(t *testing.T, life time.Duration) *server {
	t.Helper()
	s := &server{seen: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-authorization-server", s.metadata)
	mux.HandleFunc("GET /authorize", s.authorize)
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /revoke", s.revoke)
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	s.url = "http://" + front.Listener.Addr().String()
	s.config = settings(s.url, life)
	s.provider = provide(t, s.config)
	front.Start()
	t.Cleanup(front.Close)
	return s
}

// settings are fosite's strictest for a public client.
func settings(issuer string, life time.Duration) *fosite.Config {
	return &fosite.Config{
		AccessTokenLifespan:         life,
		RefreshTokenLifespan:        time.Hour,
		IDTokenIssuer:               issuer,
		GlobalSecret:                []byte(rand.Text() + rand.Text()),
		EnforcePKCE:                 true,
		EnforcePKCEForPublicClients: true,
		ScopeStrategy:               fosite.ExactScopeStrategy,
	}
}

func provide(t *testing.T, config *fosite.Config) fosite.OAuth2Provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keyOf := func(context.Context) (any, error) { return key, nil }
	store := storage.NewMemoryStore()
	store.Clients[clientID] = &fosite.DefaultClient{
		ID: clientID, Public: true,
		RedirectURIs:  []string{"http://127.0.0.1/callback", "http://[::1]/callback"},
		ResponseTypes: fosite.Arguments{"code"},
		GrantTypes:    fosite.Arguments{"authorization_code", "refresh_token"},
		Scopes:        fosite.Arguments{"openid", "profile", "email", "offline_access"},
	}
	return compose.Compose(config, store,
		&compose.CommonStrategy{
			CoreStrategy:               compose.NewOAuth2HMACStrategy(config),
			OpenIDConnectTokenStrategy: compose.NewOpenIDConnectStrategy(keyOf, config),
			Signer:                     &jwt.DefaultSigner{GetPrivateKey: keyOf},
		},
		compose.OAuth2AuthorizeExplicitFactory,
		compose.OAuth2RefreshTokenGrantFactory,
		compose.OpenIDConnectExplicitFactory,
		compose.OpenIDConnectRefreshFactory,
		compose.OAuth2TokenIntrospectionFactory,
		compose.OAuth2TokenRevocationFactory,
		compose.OAuth2PKCEFactory,
	)
}

func session() *openid.DefaultSession {
	return &openid.DefaultSession{
		Subject: subject,
		Claims:  &jwt.IDTokenClaims{Subject: subject, Extra: map[string]any{"email": "peter@example.com"}},
		Headers: &jwt.Headers{},
	}
}

// lives sets the lifetime of future access tokens.
func (s *server) lives(life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.AccessTokenLifespan = life
}

// count returns the number of requests with the grant.
func (s *server) count(grant string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[grant]
}

// accepts reports whether fosite accepts the text as a valid token of that use.
func (s *server) accepts(t *testing.T, use fosite.TokenUse, token string) bool {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	is, _, err := s.provider.IntrospectToken(t.Context(), token, use, new(openid.DefaultSession))
	return err == nil && is == use
}

// expires waits until fosite no longer accepts the access token.
func (s *server) expires(t *testing.T, token string) {
	t.Helper()
	giveUp := time.After(testTimeout)
	for s.accepts(t, fosite.AccessToken, token) {
		select {
		case <-giveUp:
			t.Fatal("the access token did not expire")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
