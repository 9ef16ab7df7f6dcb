// Package authserver is an authorization server on loopback for tests and the demo. It has two
// dialects, OpenAI's and plain RFC 6749, rotates refresh tokens, revokes the family of one that is
// presented twice, logs digests of every request, and injects faults.
//
// Start with [Start], sign in with [Browse], read [Server.Log], inject faults with [Server.Fail].
//
// It authenticates no one: every request is that of its [User]. It must listen on loopback only.
package authserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Dialects for [Options.Profile].
const (
	ProfileOpenAI = "openai"
	ProfileOAuth  = "oauth"
)

// OpenAIClientID is the public client id that Codex uses.
const OpenAIClientID = "app_EMoamEEZ73f0CkXaXp7hrann"

// OAuthClientID is the default client id of the oauth profile.
const OAuthClientID = "codex-cred-test"

// Options of a Server. The zero Options give OpenAI's dialect.
type Options struct {
	// Profile is the dialect: ProfileOpenAI, also if empty, or ProfileOAuth.
	Profile string
	// ClientID is the one client that the server knows; Codex's or
	// OAuthClientID if empty.
	ClientID string
	// Life is the lifetime of access tokens in whole seconds; one hour if zero.
	Life time.Duration
	// Now is the server's clock; the system's if nil.
	Now func() time.Time
	// User is the user that signs in; DefaultUser if zero.
	User User
	// Padding is the number of random bytes in a claim of each JWT access
	// token, for tokens of a real size.
	Padding int
	// AnyLoopbackPort lets the openai profile redirect to ports other than
	// 1455 and 1457.
	AnyLoopbackPort bool
	// IssuerPath is the path of the issuer's URL, such as "/tenant"; none if empty.
	IssuerPath string
	// OpenIDMetadata puts the metadata of the oauth profile at the path of
	// OpenID Connect Discovery section 4 instead of that of RFC 8414 section 3.
	OpenIDMetadata bool
	// DeviceInterval is the number of seconds between polls that the server
	// asks for; 1 in the openai profile and 5 in the other if zero.
	DeviceInterval int
	// NoDevice turns the device flow off.
	NoDevice bool
}

// A Server is a running authorization server. Its methods are safe for concurrent use.
type Server struct {
	opts    Options
	dialect dialect
	host    string // host and port of the listener
	url     string
	http    *http.Server
	served  chan struct{} // closed when the HTTP server has stopped
	closing chan struct{} // closed by Close; ends held answers
	close   func() error

	mu      sync.Mutex // guards the fields below
	user    User
	life    time.Duration
	padding int
	tokens  tokens
	states  []string // of the authorization requests
	devices devices
	faults  []Fault
	log     []Entry
	logged  chan struct{} // closed and replaced at each entry
	release chan struct{} // closed and replaced by Release
}

// Start returns a server that listens on a free port of 127.0.0.1. The caller
// closes it.
func Start(o Options) (*Server, error) {
	d, err := dialectOf(&o)
	if err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the authorization server: %w", err)
	}
	s := &Server{
		opts: o, dialect: d, host: l.Addr().String(), url: "http://" + l.Addr().String() + o.IssuerPath,
		served: make(chan struct{}), closing: make(chan struct{}),
		user: o.User, life: o.Life, padding: o.Padding, tokens: newTokens(), devices: devices{},
		logged: make(chan struct{}), release: make(chan struct{}),
	}
	s.http = &http.Server{
		Handler: s.mux(), ReadHeaderTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.close = sync.OnceValue(s.shut)
	go func() {
		defer close(s.served)
		_ = s.http.Serve(l)
	}()
	return s, nil
}

// dialectOf fills in the defaults of the options.
func dialectOf(o *Options) (dialect, error) {
	if o.IssuerPath != "" && (!strings.HasPrefix(o.IssuerPath, "/") || strings.HasSuffix(o.IssuerPath, "/")) {
		return dialect{}, fmt.Errorf("issuer path %q: it must begin with a slash and not end with one", o.IssuerPath)
	}
	o.Life = or(o.Life, time.Hour)
	o.User = or(o.User, DefaultUser())
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of the Now option
	}
	switch or(o.Profile, ProfileOpenAI) {
	case ProfileOpenAI:
		o.ClientID = or(o.ClientID, OpenAIClientID)
		o.DeviceInterval = or(o.DeviceInterval, 1)
		return openai(*o), nil
	case ProfileOAuth:
		o.ClientID = or(o.ClientID, OAuthClientID)
		o.DeviceInterval = or(o.DeviceInterval, 5)
		return oauth(*o), nil
	}
	return dialect{}, fmt.Errorf("unknown profile %q: use %s or %s", o.Profile, ProfileOpenAI, ProfileOAuth)
}

func or[T comparable](value, instead T) T {
	var zero T
	if value == zero {
		return instead
	}
	return value
}

// URL returns the issuer.
func (s *Server) URL() string { return s.url }

// Close stops the server and closes its connections; held answers are not sent. It may be called
// more than once.
func (s *Server) Close() error { return s.close() }

func (s *Server) shut() error {
	close(s.closing)
	err := s.http.Close()
	<-s.served
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close the authorization server: %w", err)
	}
	return nil
}

// SetUser sets the user of later sign-ins. Earlier ones keep theirs.
func (s *Server) SetUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user = u
}

// SetLife sets the lifetime of access tokens issued from now on.
func (s *Server) SetLife(life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life = life
}

// SetPadding sets [Options.Padding] for access tokens issued from now on.
func (s *Server) SetPadding(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.padding = bytes
}

// Expire makes every access token issued so far expired at the server. The claims in the tokens do
// not change.
func (s *Server) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.tokens.access {
		t.ended = true
	}
}

// Accepts reports whether this server issued the access token and it has
// neither expired nor been revoked.
func (s *Server) Accepts(accessToken string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens.access[accessToken]
	return ok && !t.ended && !t.family.dead && s.opts.Now().Before(t.expiry)
}

// Secrets returns every secret that the server issued or received: access, refresh and id tokens,
// authorization codes, verifiers, device codes. A JWT is followed by its random part, the
// signature. Scans for leaks search for parts of them.
func (s *Server) Secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.tokens.secrets...)
}

// States returns the state of each authorization request so far. It is a secret of the sign-in,
// except in the address that may be shown to the user.
func (s *Server) States() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.states...)
}
