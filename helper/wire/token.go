package wire

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Token is an access token that has not expired, and what a caller sends
// with it.
type Token struct {
	Access helper.Secret
	Expiry time.Time
	// AccountID is the issuer's name of what the token is for; it may be empty.
	AccountID string
	// Headers that the issuer's back end wants beside the token, in order.
	Headers []Header
}

// A Header is one field of an HTTP request.
type Header struct{ Name, Value string }

// Authorization is the name of the header that carries the token.
const Authorization = "Authorization"

// Bearer returns the value of the header that carries the token (RFC 6750
// section 2.1). It is a secret.
func (t Token) Bearer() string { return "Bearer " + t.Access.Reveal() }

// BareToken returns what callers get of the credential who send no headers but the
// one that carries the token: it does not read the token for others.
func BareToken(c helper.Credential) Token {
	return Token{Access: c.AccessToken, Expiry: c.Expiry, AccountID: c.Identity.AccountID}
}

// NewToken returns what callers get of the credential. Only ChatGPT's back end
// wants headers of its own.
func NewToken(c helper.Credential) Token {
	t := BareToken(c)
	if !ChatGPT(c) {
		return t
	}
	claims := claimsOf(c.AccessToken)
	add := func(name, value string) {
		if value != "" && isHeaderValue(value) {
			t.Headers = append(t.Headers, Header{name, value})
		}
	}
	add("ChatGPT-Account-Id", t.AccountID)
	if claims.Residency != "no_constraint" {
		add("x-openai-internal-codex-residency", claims.Residency)
	}
	if claims.FedRAMP {
		add("X-OpenAI-Fedramp", "true")
	}
	return t
}

// A backEndClaims is the part of an access token that says how requests are
// routed, as Codex reads it.
type backEndClaims struct {
	Residency string `json:"chatgpt_compute_residency"`
	FedRAMP   bool   `json:"chatgpt_account_is_fedramp"`
}

// claimsOf reads the claims of a JWT without checking its signature, which is the
// back end's business. A token that is none has no claims.
func claimsOf(token helper.Secret) backEndClaims {
	var claims struct {
		Auth backEndClaims `json:"https://api.openai.com/auth"`
	}
	if json.Unmarshal(payloadOf(token), &claims) != nil {
		return backEndClaims{}
	}
	return claims.Auth
}

// isHeaderValue reports whether the value can stand in a header as it is.
func isHeaderValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}
