package refresh

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// Tokens are the tokens that another program keeps for a sign-in.
type Tokens struct {
	Access, Refresh helper.Secret
	ID              helper.Secret // the id_token; may be empty
	// Expiry is the access token's expiry, used if the token has no exp claim. If neither is known the token counts as
	// expired, because its age is not known either.
	Expiry time.Time
	// Identity is the identity that the program recorded. Its AccountID overrides that of the tokens, as the person may
	// have chosen it; its other fields are used where the tokens have none.
	Identity helper.Identity
	Settings Settings
}

// FromTokens returns a credential of generation 1 with the tokens. Validation and errors are those of
// [Client.ParseCredential], except that a refresh token is required: without one the error is [helper.ErrInvalid].
func (c *Client) FromTokens(ctx context.Context, t Tokens) (helper.Credential, error) {
	invalid := func(err error) error { return fmt.Errorf("the sign-in is %w: %w", helper.ErrInvalid, err) }
	if err := t.check(); err != nil {
		return helper.Credential{}, invalid(err)
	}
	iss, err := c.Issuer(ctx, t.Settings)
	if err != nil {
		return helper.Credential{}, err
	}
	answer := grant{access: t.Access, refresh: t.Refresh, idToken: t.ID}
	if err := answer.checkIssuer(iss); err != nil {
		return helper.Credential{}, invalid(err)
	}
	if answer.idToken.IsZero() {
		answer.idToken = answer.access
	}
	now := c.Now()
	cred := answer.renew(helper.Credential{Issuer: iss, Identity: sanitizeIdentity(t.Identity)}, now)
	cred.Identity.AccountID = or(sanitizeIdentity(t.Identity).AccountID, cred.Identity.AccountID)
	cred.Expiry = t.expiry(cred.ObtainedAt)
	return cred, nil
}

func (t Tokens) check() error {
	switch {
	case t.Access.IsZero():
		return errors.New("it has no access token")
	case t.Refresh.IsZero():
		return errors.New("it has no refresh token")
	case !tokenText(t.Access.Reveal()), !tokenText(t.Refresh.Reveal()):
		return errors.New("a token holds characters that no token has")
	}
	return nil
}

func sanitizeIdentity(id helper.Identity) helper.Identity {
	return helper.Identity{
		Subject: sanitize(id.Subject, maxClaim), AccountID: sanitize(id.AccountID, maxClaim),
		UserID: sanitize(id.UserID, maxClaim), Plan: sanitize(id.Plan, maxClaim), Email: sanitize(id.Email, maxClaim),
	}
}

func (t Tokens) expiry(now time.Time) time.Time {
	latest := now.Add(maxLife)
	if c, err := parseClaims(t.Access.Reveal()); err == nil && c.Expires > 0 && c.Expires <= float64(latest.Unix()) {
		return time.Unix(int64(c.Expires), 0).UTC()
	}
	if !t.Expiry.IsZero() && t.Expiry.Before(latest) {
		return t.Expiry.UTC()
	}
	return now
}
