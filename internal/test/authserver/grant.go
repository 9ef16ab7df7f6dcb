package authserver

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// grantDeviceCode is the grant type of RFC 8628 section 3.4.
const grantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"

// tokenGrant returns the grant of a request to the token endpoint.
func tokenGrant(req request) string {
	switch req.get("grant_type") {
	case "authorization_code":
		return GrantCode
	case "refresh_token":
		return GrantRefresh
	case grantDeviceCode:
		return GrantDeviceToken
	}
	return GrantUnknown
}

// wrongClient returns the refusal of an unknown client.
func (s *Server) wrongClient(req request) *refusal {
	if req.get("client_id") == s.opts.ClientID {
		return nil
	}
	return &refusal{code: "invalid_client", message: "Unknown client.", status: http.StatusUnauthorized}
}

func unsupportedGrant() refusal {
	return refusal{code: "unsupported_grant_type", message: "Unsupported grant type.", status: http.StatusBadRequest}
}

// exchangeCode answers with tokens for an authorization code. Any attempt spends the code; a second
// one revokes what the first returned (RFC 6749 section 4.1.2).
func (s *Server) exchangeCode(req request) reply {
	if bad := s.wrongClient(req); bad != nil {
		return s.dialect.refuse(*bad)
	}
	c := s.tokens.codes[req.get("code")]
	if c == nil {
		return s.dialect.refuse(invalidGrant("Unknown authorization code."))
	}
	if c.spent {
		if c.family != nil {
			c.family.dead = true
		}
		return s.dialect.refuse(invalidGrant("The authorization code was already used."))
	}
	c.spent = true
	switch {
	case !s.opts.Now().Before(c.expiry):
		return s.dialect.refuse(invalidGrant("The authorization code has expired."))
	case req.get("redirect_uri") != c.redirectURI:
		return s.dialect.refuse(invalidGrant("The redirect URI differs."))
	case !verifies(req.get("code_verifier"), c.challenge):
		return s.dialect.refuse(invalidGrant("The code verifier does not match."))
	}
	c.family = &family{user: c.user, scope: c.scope}
	return s.issue(c.family)
}

// verifies checks the verifier against an S256 challenge (RFC 7636 sections
// 4.1 and 4.6).
func verifies(verifier, challenge string) bool {
	return len(verifier) >= 43 && len(verifier) <= 128 && challengeOf(verifier) == challenge
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// rotate answers with the successor of a refresh token, which is single use: a second presentation
// revokes the family (RFC 9700 section 4.14.2).
func (s *Server) rotate(req request) reply {
	if bad := s.wrongClient(req); bad != nil {
		return s.dialect.refuse(*bad)
	}
	t := s.tokens.refresh[req.get("refresh_token")]
	switch {
	case t == nil:
		return s.dialect.refuse(refreshRefusal(RefreshTokenInvalidated))
	case t.spent:
		t.family.dead = true
		return s.about(t.family, refreshRefusal(RefreshTokenReused))
	case t.family.dead:
		return s.about(t.family, refreshRefusal(RefreshTokenInvalidated))
	}
	for word := range strings.FieldsSeq(req.get("scope")) {
		if !hasWord(t.family.scope, word) {
			return s.about(t.family, refusal{code: "invalid_scope", message: "The scope exceeds the original.", status: http.StatusBadRequest})
		}
	}
	t.spent = true
	return s.issue(t.family)
}

// about returns a refusal that names the family for the log.
func (s *Server) about(f *family, e refusal) reply {
	r := s.dialect.refuse(e)
	r.family = f
	return r
}

// revoke revokes the family of a refresh token, or one access token. It does not report whether
// there was one (RFC 7009 section 2.2).
func (s *Server) revoke(req request, done reply) reply {
	if req.get("token") == "" {
		return s.dialect.refuse(*invalidRequest("There is no token."))
	}
	if t := s.tokens.refresh[req.get("token")]; t != nil {
		t.family.dead = true
		done.family = t.family
	}
	if t := s.tokens.access[req.get("token")]; t != nil {
		t.ended = true
		done.family = t.family
	}
	return done
}
