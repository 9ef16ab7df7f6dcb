package refresh

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

const (
	maxJWT = 64 << 10
	// skew is the tolerated difference between the server's clock and this machine's.
	skew = time.Minute
)

// claims holds the claims of a JWT that this package uses. A claim of an unexpected type counts as missing. The
// signature is not checked: for an id_token from the token endpoint, TLS replaces that check (OpenID Connect Core
// section 3.1.3.7).
type claims struct {
	Issuer   string          `json:"iss"`
	Subject  string          `json:"sub"`
	Audience json.RawMessage `json:"aud"`
	Expires  float64         `json:"exp"` // seconds since 1970
	Email    string          `json:"email"`
	Profile  struct {
		Email string `json:"email"`
	} `json:"https://api.openai.com/profile"`
	Auth struct {
		AccountID string `json:"chatgpt_account_id"`
		Plan      string `json:"chatgpt_plan_type"`
		ChatGPT   string `json:"chatgpt_user_id"`
		UserID    string `json:"user_id"`
	} `json:"https://api.openai.com/auth"`
}

var errNotJWT = errors.New("it is not a JWT")

// parseClaims reads the payload of a JWT. Its error contains no part of the token.
func parseClaims(token string) (claims, error) {
	parts := strings.Split(token, ".")
	if len(token) > maxJWT || len(parts) != 3 || slices.Contains(parts, "") {
		return claims{}, errNotJWT
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return claims{}, errNotJWT
	}
	var c claims
	err = json.Unmarshal(payload, &c)
	if wrongType := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrongType) && wrongType.Field != "" {
		err = nil
	}
	if err != nil {
		return claims{}, errNotJWT
	}
	return c, nil
}

// audiences returns the aud claim, which is a string or a list of strings (RFC 7519 section 4.1.3).
func (c claims) audiences() []string {
	var list []string
	if json.Unmarshal(c.Audience, &list) == nil {
		return list
	}
	var one string
	if json.Unmarshal(c.Audience, &one) == nil {
		return []string{one}
	}
	return nil
}

func (c claims) identity() helper.Identity {
	return sanitizeIdentity(helper.Identity{
		Subject: c.Subject, AccountID: c.Auth.AccountID, UserID: or(c.Auth.ChatGPT, c.Auth.UserID),
		Plan: c.Auth.Plan, Email: or(c.Email, c.Profile.Email),
	})
}

// checkRecipient returns ErrRejected unless the claims belong to an unexpired id_token for this client (OpenID Connect
// Core section 3.1.3.7).
func (c claims) checkRecipient(iss helper.Issuer, now time.Time) error {
	switch {
	case !slices.Contains(c.audiences(), iss.ClientID):
		return fmt.Errorf("its id_token is %w: its aud is %q, and this client is %q",
			helper.ErrRejected, sanitize(strings.Join(c.audiences(), " "), maxText), iss.ClientID)
	case c.Issuer == "" && iss.Profile != ProfileOpenAI:
		return fmt.Errorf("its id_token is %w: it names no issuer", helper.ErrRejected)
	case c.Issuer != "" && !SameIssuer(iss, c.Issuer):
		return NewIssuerNameError("its id_token", c.Issuer, iss)
	case c.Expires != 0 && float64(now.Add(-skew).Unix()) >= c.Expires:
		return fmt.Errorf("its id_token is %w: it has expired; check this computer's clock", helper.ErrRejected)
	}
	return nil
}

// isDifferent reports whether the claims certainly belong to another sign-in than the stored credential. A missing
// claim is not a difference.
func (c claims) isDifferent(stored helper.Credential) bool { return c.difference(stored) != "" }

// difference describes the first claim that differs from the stored credential, or returns "". Issuer and audience must
// not change either (OpenID Connect Core section 12.2), although they do not identify a person.
func (c claims) difference(stored helper.Credential) string {
	is := c.identity()
	other := func(a, b string) bool { return a != "" && b != "" && a != b }
	switch {
	case other(is.Subject, stored.Identity.Subject), other(is.AccountID, stored.Identity.AccountID):
		return "another person's or account's token"
	case c.Issuer != "" && !SameIssuer(stored.Issuer, c.Issuer) &&
		strings.TrimSuffix(c.Issuer, "/") == strings.TrimSuffix(stored.Issuer.URL, "/"):
		return "an id_token whose issuer differs by the slash at its end"
	case c.Issuer != "" && !SameIssuer(stored.Issuer, c.Issuer):
		return "an id_token of another issuer"
	case len(c.audiences()) > 0 && !slices.Contains(c.audiences(), stored.Issuer.ClientID):
		return "an id_token of another client"
	}
	return ""
}

// SameIssuer reports whether name, from an iss parameter or claim, identifies the issuer. The strings must be identical
// (RFC 9207 section 2.4), except that the openai profile ignores a trailing slash.
func SameIssuer(iss helper.Issuer, name string) bool {
	if iss.Profile == ProfileOpenAI {
		return strings.TrimSuffix(iss.URL, "/") == strings.TrimSuffix(name, "/")
	}
	return iss.URL == name
}
