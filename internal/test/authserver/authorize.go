package authserver

import (
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// codeLife is the longest lifetime that RFC 6749 section 4.1.2 recommends.
const codeLife = 10 * time.Minute

// challengeForm is the form of an S256 challenge, RFC 7636 section 4.2.
func challengeForm() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`) }

// authorize approves at once. An error of the client or the redirect URI is shown to the user;
// other errors are sent to the client (RFC 6749 section 4.1.2.1).
func authorize(s *Server, req request) reply {
	redirectURI := req.get("redirect_uri")
	if req.get("client_id") != s.opts.ClientID || !s.dialect.redirectOK(redirectURI) {
		return htmlReply(http.StatusBadRequest, "Unknown client or redirect URI")
	}
	location, err := url.Parse(redirectURI)
	if err != nil {
		return htmlReply(http.StatusBadRequest, "Unknown redirect URI")
	}
	query := location.Query()
	if e := authorizeError(req); e != "" {
		query.Set("error", e)
	} else {
		code := s.newCode(code{
			user: s.user, scope: req.get("scope"),
			redirectURI: redirectURI, challenge: req.get("code_challenge"),
		})
		query.Set("code", code)
	}
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	set("state", req.get("state"))
	if s.dialect.sendsIss {
		set("iss", s.url)
	}
	location.RawQuery = query.Encode()
	return reply{status: http.StatusFound, location: location}
}

// authorizeError returns the error code of a bad authorization request.
func authorizeError(req request) string {
	switch {
	case req.get("response_type") != "code":
		return "unsupported_response_type"
	case req.get("scope") == "":
		return "invalid_scope"
	case req.get("state") == "",
		req.get("code_challenge_method") != "S256",
		!challengeForm().MatchString(req.get("code_challenge")):
		return "invalid_request"
	}
	return ""
}

// newCode issues an authorization code. The caller holds s.mu.
func (s *Server) newCode(c code) string {
	text := s.tokens.draw("ac_", 32)
	c.expiry = s.opts.Now().Add(codeLife)
	s.tokens.codes[text] = &c
	return text
}
