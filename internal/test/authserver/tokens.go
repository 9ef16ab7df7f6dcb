package authserver

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// A User is the user that signs in; the members become claims. An empty one is left out.
type User struct {
	Subject   string
	Email     string
	AccountID string
	UserID    string
	Plan      string
}

// DefaultUser returns the user of a server without [Options.User].
func DefaultUser() User {
	return User{
		Subject: "subject-1", Email: "user@example.com",
		AccountID: "account-1", UserID: "user-1", Plan: "plus",
	}
}

// strangerOf returns another user.
func strangerOf(u User) User {
	return User{
		Subject: "not-" + u.Subject, Email: "not-" + u.Email,
		AccountID: "not-" + u.AccountID, UserID: "not-" + u.UserID, Plan: u.Plan,
	}
}

// A family holds all tokens of one sign-in.
type family struct {
	generation int // number of token answers; 1 at the sign-in
	user       User
	scope      string
	dead       bool
}

type refreshToken struct {
	family *family
	spent  bool
}

type accessToken struct {
	family *family
	expiry time.Time
	ended  bool // revoked, or expired by a test
}

// A code is an authorization code and what it is bound to (RFC 6749 section
// 4.1.3, RFC 7636 section 4.6).
type code struct {
	user        User
	scope       string
	redirectURI string
	challenge   string
	expiry      time.Time
	family      *family // what it was exchanged for
	spent       bool
}

// tokens holds everything that the server issued, keyed by its text.
type tokens struct {
	codes   map[string]*code
	refresh map[string]*refreshToken
	access  map[string]*accessToken
	secrets []string
	known   map[string]bool // members of secrets
}

func newTokens() tokens {
	return tokens{
		codes:   map[string]*code{},
		refresh: map[string]*refreshToken{},
		access:  map[string]*accessToken{},
		known:   map[string]bool{},
	}
}

// remember adds to the secrets, in order and without duplicates.
func (t *tokens) remember(secrets ...string) {
	for _, secret := range secrets {
		if secret != "" && !t.known[secret] {
			t.known[secret] = true
			t.secrets = append(t.secrets, secret)
		}
	}
}

// draw returns the prefix and n random bytes as base64url, and remembers it.
func (t *tokens) draw(prefix string, n int) string {
	secret := prefix + randomText(n)
	t.remember(secret)
	return secret
}

// sign returns the claims as a JWT and remembers it.
func (t *tokens) sign(claims map[string]any) string {
	token := newJWT(claims)
	t.remember(token, token[strings.LastIndexByte(token, '.')+1:])
	return token
}

// randomText returns n random bytes as base64url without padding.
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it exits the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// issue returns the next token answer of the family. The caller holds s.mu.
func (s *Server) issue(f *family) reply {
	f.generation++
	now := s.opts.Now()
	access := s.dialect.access(s, f)
	s.tokens.access[access] = &accessToken{family: f, expiry: now.Add(s.life)}
	refresh := s.tokens.draw(s.dialect.refreshPrefix, 48)
	s.tokens.refresh[refresh] = &refreshToken{family: f}
	answer := map[string]any{
		"access_token":  access,
		"refresh_token": refresh,
		"token_type":    "Bearer",
		"expires_in":    int(s.life / time.Second),
		"scope":         f.scope,
	}
	if hasWord(f.scope, "openid") {
		answer["id_token"] = s.tokens.sign(s.idClaims(f.user))
	}
	return reply{status: http.StatusOK, members: answer, family: f}
}

func hasWord(words, word string) bool {
	for w := range strings.FieldsSeq(words) {
		if w == word {
			return true
		}
	}
	return false
}
