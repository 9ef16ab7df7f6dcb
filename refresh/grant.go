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
	// defaultLife is the assumed lifetime of an access token without an expiry.
	defaultLife = time.Hour
	// maxLife is the longest lifetime of an access token that is accepted.
	maxLife = 10 * 365 * 24 * time.Hour
)

// A grant is a parsed token response (RFC 6749 section 5.1).
type grant struct {
	access        helper.Secret
	refresh       helper.Secret // may be empty
	idToken       helper.Secret // may be empty
	life          time.Duration // 0 if the server gave none, or gave 0
	expiresAtOnce bool          // the server gave a lifetime of 0
	scope         string
}

// parseGrant parses the body of a token response. It fails only if a member that is needed to use the tokens is missing
// or invalid: the response may contain the only valid refresh token, so an invalid expires_in or scope counts as
// missing.
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

// textOf returns the member if it is a string, and otherwise "".
func textOf(members map[string]json.RawMessage, name string) string {
	var s string
	_ = json.Unmarshal(members[name], &s) // another type counts as missing
	return s
}

// tokenText reports whether s can be sent in an Authorization header: visible ASCII, a subset of RFC 6749 appendix
// A.12.
func tokenText(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// seconds parses a JSON number, or a string with a number. Values below 1 and above maxLife give 0.
func seconds(raw json.RawMessage) time.Duration {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err == nil && n >= 1 && n <= maxLife.Seconds() {
		return time.Duration(n) * time.Second
	}
	return 0
}

// isZeroSeconds reports whether the value is a number from 0 to below 1.
func isZeroSeconds(raw json.RawMessage) bool {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	return err == nil && n >= 0 && n < 1
}

// renew returns the credential with the grant's tokens and the next generation. Members missing from the grant keep
// their values (RFC 6749 section 6). Start is the time at which the request was sent.
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

// expiry returns start + expires_in, or else the exp claim of the access token, or else start if the server gave a
// lifetime of 0, or else start + defaultLife.
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

// claims returns the id_token's claims, or none if it cannot be parsed.
func (g grant) claims() claims {
	c, err := parseClaims(g.idToken.Reveal())
	if err != nil {
		return claims{}
	}
	return c
}
