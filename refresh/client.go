package refresh

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/runclock"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// ErrNoRevocation is what [Client.Revoke] returns if the authorization server
// has no revocation endpoint.
var ErrNoRevocation = errors.New("the authorization server has no revocation endpoint")

// A Client speaks with authorization servers. Its methods may be called
// concurrently. UserAgent and Now are set by its owner.
type Client struct {
	UserAgent string
	Now       func() time.Time
	// Proxy chooses the proxy of a request; nil is none.
	Proxy func(*http.Request) (*url.URL, error)
	// RootCAs are trusted to sign for servers; nil is the system's.
	RootCAs *x509.CertPool
	// Observe, if set, is called after each request with what came of it. An answer
	// that must not be lost may still be in memory alone, so it returns at once. It
	// may be called concurrently.
	Observe func(context.Context, Exchange)

	// Running measures how long a call takes; zero is the system's clock.
	Running runclock.Clock

	// after calls the function when the time has passed, unless it is stopped
	// before; nil is Running's AfterFunc.
	after func(time.Duration, func()) (stop func() bool)
}

// Redeem exchanges the code of an authorization response for a credential of
// generation 1 (RFC 6749 section 4.1.3, RFC 7636 section 4.5). It sends the
// code once.
//
// The error is [helper.ErrSignInRequired] if the server refused the code,
// [helper.ErrRejected] if the id_token is of somebody else, and else
// [helper.ErrTemporary].
func (c *Client) Redeem(ctx context.Context, iss helper.Issuer, code, verifier helper.Secret, redirectURI string) (helper.Credential, error) {
	got, err := c.redeem(ctx, iss, code, verifier, redirectURI)
	if err != nil {
		return helper.Credential{}, err
	}
	got.Issuer.RedirectURI = redirectURI
	return got, nil
}

func (c *Client) redeem(ctx context.Context, iss helper.Issuer, code, verifier helper.Secret, redirectURI string) (helper.Credential, error) {
	if err := checkEndpoint(iss, iss.TokenEndpoint); err != nil {
		return helper.Credential{}, fmt.Errorf("token endpoint: %w", err)
	}
	a := c.send(ctx, call{
		request: RequestCode, endpoint: iss.TokenEndpoint, contentType: formType, detached: true,
		secrets: []helper.Secret{code, verifier},
		body: form(
			pair{"grant_type", "authorization_code"}, pair{"client_id", iss.ClientID}, pair{"code", code.Reveal()},
			pair{"redirect_uri", redirectURI}, pair{"code_verifier", verifier.Reveal()},
		),
	})
	g, parsed := a.strictGrant(iss.Profile)
	switch judge(a, parsed) {
	case success:
	case refused:
		return helper.Credential{}, fmt.Errorf("exchange the code: %w; start the sign-in again: %w", a.problem(parsed), helper.ErrSignInRequired)
	default:
		return helper.Credential{}, fmt.Errorf("exchange the code: %w; start the sign-in again: %w", a.problem(parsed), helper.ErrTemporary)
	}
	return g.firstCredential(iss, a)
}

// firstCredential returns the credential of a sign-in that the answer brought.
func (g grant) firstCredential(iss helper.Issuer, a answer) (helper.Credential, error) {
	if err := g.checkIDToken(iss, a.start); err != nil {
		return helper.Credential{}, fmt.Errorf("%s answered, but %w", a.host, err)
	}
	return g.renew(helper.Credential{Issuer: iss}, a.start), nil
}

// checkIDToken checks the id_token of a sign-in. Only the oauth profile may go
// without one: with openai it carries the account.
func (g grant) checkIDToken(iss helper.Issuer, now time.Time) error {
	if g.idToken.IsZero() {
		if iss.Profile == ProfileOpenAI {
			return fmt.Errorf("the answer is %w: it has no id_token", helper.ErrRejected)
		}
		return nil
	}
	claims, err := parseClaims(g.idToken.Reveal())
	if err != nil {
		return fmt.Errorf("its id_token is %w: %w", helper.ErrRejected, err)
	}
	return claims.checkRecipient(iss, now)
}

// present sends the credential's refresh token once (RFC 6749 section 6). First is
// called before the first byte of it is handed over; if it fails none is.
func (c *Client) present(ctx context.Context, of helper.Credential, first func() error) answer {
	iss, token := of.Issuer, of.RefreshToken
	members := []pair{{"client_id", iss.ClientID}, {"grant_type", "refresh_token"}, {"refresh_token", token.Reveal()}}
	request := call{
		request: RequestRefresh, generation: of.Generation, endpoint: iss.TokenEndpoint, contentType: formType, body: form(members...),
		detached: true, beforeFirstByte: first, secrets: []helper.Secret{token},
	}
	if iss.Profile == ProfileOpenAI {
		request.contentType, request.body = jsonType, object(members...)
	}
	return c.send(ctx, request)
}

// Revoke asks the authorization server to revoke the token (RFC 7009). Hint is
// "refresh_token" or "access_token". A token that the server does not know is
// revoked. Any error means that the token may still be good;
// [ErrNoRevocation] that it cannot be revoked at all.
func (c *Client) Revoke(ctx context.Context, iss helper.Issuer, token helper.Secret, hint string) error {
	if iss.RevocationEndpoint == "" {
		return ErrNoRevocation
	}
	if err := checkEndpoint(iss, iss.RevocationEndpoint); err != nil {
		return fmt.Errorf("revocation endpoint: %w", err)
	}
	members := []pair{{"token", token.Reveal()}, {"token_type_hint", hint}, {"client_id", iss.ClientID}}
	request := call{request: RequestRevoke, endpoint: iss.RevocationEndpoint, contentType: formType, secrets: []helper.Secret{token}}
	switch {
	case iss.Profile != ProfileOpenAI:
		request.body = form(members...)
	case hint == "refresh_token":
		request.contentType, request.body = jsonType, object(members...)
	default: // Codex sends no client_id with an access token
		request.contentType, request.body = jsonType, object(members[:2]...)
	}
	a := c.send(ctx, request)
	if a.status == http.StatusOK {
		return nil // the body means nothing (RFC 7009 section 2.2)
	}
	return fmt.Errorf("revoke the token: %w; it may still be valid: %w", a.problem(nil), helper.ErrTemporary)
}

// A pair is a member of a request's body.
type pair struct{ name, value string }

func form(members ...pair) string {
	var b strings.Builder
	for i, m := range members {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(m.name) + "=" + url.QueryEscape(m.value))
	}
	return b.String()
}

func object(members ...pair) string {
	o := make(map[string]string, len(members))
	for _, m := range members {
		o[m.name] = m.value
	}
	b, err := json.Marshal(o)
	if err != nil {
		return "" // texts always marshal
	}
	return string(b)
}
