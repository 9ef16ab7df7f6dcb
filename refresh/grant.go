package refresh

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	// defaultLife is assumed of an access token that says nothing of its expiry.
	defaultLife = time.Hour
	// maxLife is the most that is believed of an access token's life.
	maxLife = 10 * 365 * 24 * time.Hour
)

// A grant is a parsed token answer (RFC 6749 section 5.1).
type grant struct {
	access        helper.Secret
	refresh       helper.Secret // empty: the server gave none
	idToken       helper.Secret // empty: the server gave none
	life          time.Duration // 0: the server did not say, or says that it has none
	expiresAtOnce bool          // the server says that it has none
	scope         string
}

// parseGrant reads the body of a token answer. Only what is needed to use the
// tokens makes it fail: an answer may bring the one refresh token that is still
// good, so an odd expires_in or scope counts as missing.
func parseGrant(profile string, body []byte) (grant, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil || members == nil {
		return grant{}, errors.New("the answer is not a JSON object")
	}
	text := func(name string) string { return textOf(members, name) }
	kind := text("token_type")
	switch {
	case !tokenText(text("access_token")):
		return grant{}, errors.New("the answer has no usable access_token")
	case text("refresh_token") != "" && !tokenText(text("refresh_token")):
		return grant{}, errors.New("the answer's refresh_token holds characters that no token has")
	case kind == "" && profile != ProfileOpenAI:
		return grant{}, errors.New("the answer has no token_type")
	case kind != "" && !strings.EqualFold(kind, "Bearer"):
		return grant{}, errors.New("the answer's token_type is not Bearer")
	}
	return grant{
		access:        helper.NewSecret(text("access_token")),
		refresh:       helper.NewSecret(text("refresh_token")),
		idToken:       helper.NewSecret(text("id_token")),
		life:          seconds(members["expires_in"]),
		expiresAtOnce: isZeroSeconds(members["expires_in"]),
		scope:         sanitize(text("scope"), maxJWT),
	}, nil
}

// textOf returns the member; empty if it is missing or no text.
func textOf(members map[string]json.RawMessage, name string) string {
	var s string
	_ = json.Unmarshal(members[name], &s) // another type counts as missing
	return s
}

// tokenText reports whether s may stand in an Authorization header: visible
// ASCII, a subset of RFC 6749 appendix A.12.
func tokenText(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// seconds reads a JSON number, or a number in a text. What is not positive or
// longer than longestLife is 0.
func seconds(raw json.RawMessage) time.Duration {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err == nil && n >= 1 && n <= maxLife.Seconds() {
		return time.Duration(n) * time.Second
	}
	return 0
}

// isZeroSeconds reports whether the number says less than a second.
func isZeroSeconds(raw json.RawMessage) bool {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	return err == nil && n >= 0 && n < 1
}

// renew returns the credential with the grant in it, one generation on. Members
// that the answer left out keep their value (RFC 6749 section 6). Start is when
// the request began.
func (g grant) renew(c helper.Credential, start time.Time) helper.Credential {
	c.AccessToken = g.access
	if !g.refresh.IsZero() {
		c.RefreshToken = g.refresh
	}
	c.ObtainedAt = start.UTC().Round(0)
	c.Expiry = g.expiry(c.ObtainedAt)
	c.Generation++
	c.Scope = or(g.scope, c.Scope)
	is, was := g.claims().identity(), c.Identity
	c.Identity = helper.Identity{
		Subject: or(is.Subject, was.Subject), AccountID: or(is.AccountID, was.AccountID),
		UserID: or(is.UserID, was.UserID), Plan: or(is.Plan, was.Plan), Email: or(is.Email, was.Email),
	}
	c.Refused = ""
	return c
}

// expiry is start + expires_in, else the exp of an access token that is a JWT,
// else an hour; a server that says 0 seconds has not said nothing.
func (g grant) expiry(start time.Time) time.Time {
	if g.life > 0 {
		return start.Add(g.life)
	}
	c, err := parseClaims(g.access.Reveal())
	if err == nil && c.Expires > 0 && c.Expires <= float64(start.Add(maxLife).Unix()) {
		return time.Unix(int64(c.Expires), 0).UTC()
	}
	if g.expiresAtOnce {
		return start
	}
	return start.Add(defaultLife)
}

// claims returns those of the id_token; none if there is no readable one.
func (g grant) claims() claims {
	c, err := parseClaims(g.idToken.Reveal())
	if err != nil {
		return claims{}
	}
	return c
}
