package wire

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Token is an unexpired access token, and the headers to send with it.
type Token struct {
	Access helper.Secret
	Expiry time.Time
	// AccountID is the issuer's name of the account; it may be empty.
	AccountID string
	// Headers that the issuer's back end requires besides the token, in order.
	Headers []Header
}

// A Header is a header field of an HTTP request.
type Header struct{ Name, Value string }

// Authorization is the name of the header that contains the token.
const Authorization = "Authorization"

// Bearer returns the value of the Authorization header (RFC 6750 section 2.1). It is a secret.
func (t Token) Bearer() string { return "Bearer " + t.Access.Reveal() }

// BareToken returns the credential's token for callers that send no other headers. It does not parse the token.
func BareToken(c helper.Credential) Token {
	return Token{Access: c.AccessToken, Expiry: c.Expiry, AccountID: c.Identity.AccountID}
}

// NewToken returns the credential's token with its headers. Only ChatGPT's back end requires headers of its own.
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

// A backEndClaims holds the claims that control the routing of requests, as Codex reads them.
type backEndClaims struct {
	Residency string `json:"chatgpt_compute_residency"`
	FedRAMP   bool   `json:"chatgpt_account_is_fedramp"`
}

// claimsOf returns the claims of a JWT without checking its signature, which the back end does. A token that is not a
// JWT has no claims.
func claimsOf(token helper.Secret) backEndClaims {
	var claims struct {
		Auth backEndClaims `json:"https://api.openai.com/auth"`
	}
	if json.Unmarshal(payloadOf(token), &claims) != nil {
		return backEndClaims{}
	}
	return claims.Auth
}

// isHeaderValue reports whether the value can be sent in a header.
func isHeaderValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' })
}
