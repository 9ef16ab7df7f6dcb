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

// ErrNoRevocation is returned by [Client.Revoke] if the authorization server has no revocation endpoint.
var ErrNoRevocation = errors.New("the authorization server has no revocation endpoint")

// A Client sends requests to authorization servers. Its methods may be called concurrently. The owner sets its fields
// before the first call.
type Client struct {
	UserAgent string
	Now       func() time.Time
	// Proxy returns the proxy for a request; nil means no proxy.
	Proxy func(*http.Request) (*url.URL, error)
	// RootCAs are the trusted certificate authorities; nil means the system's.
	RootCAs *x509.CertPool
	// Observe, if set, is called after each request with its result. It must return at once: an answer with the only
	// valid refresh token may not be stored yet. It may be called concurrently.
	Observe func(context.Context, Exchange)

	// Running measures the duration of calls; the zero value uses the system's clock.
	Running runclock.Clock

	// after calls the function when the duration has passed, unless stop is called before; nil means Running.AfterFunc.
	after func(time.Duration, func()) (stop func() bool)
}

// Redeem exchanges an authorization code for a credential of generation 1 (RFC 6749 section 4.1.3, RFC 7636 section
// 4.5). It sends the code once.
//
// The error is [helper.ErrSignInRequired] if the server refused the code, [helper.ErrRejected] if the id_token is not
// for this client, and otherwise [helper.ErrTemporary].
func (c *Client) Redeem(
	ctx context.Context, iss helper.Issuer, code, verifier helper.Secret, redirectURI string,
) (helper.Credential, error) {
	got, err := c.redeem(ctx, iss, code, verifier, redirectURI)
	if err != nil {
		return helper.Credential{}, err
	}
	got.Issuer.RedirectURI = redirectURI
	return got, nil
}

func (c *Client) redeem(
	ctx context.Context, iss helper.Issuer, code, verifier helper.Secret, redirectURI string,
) (helper.Credential, error) {
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
		return helper.Credential{},
			fmt.Errorf("exchange the code: %w; start the sign-in again: %w", a.problem(parsed), helper.ErrSignInRequired)
	default:
		return helper.Credential{},
			fmt.Errorf("exchange the code: %w; start the sign-in again: %w", a.problem(parsed), helper.ErrTemporary)
	}
	return g.firstCredential(iss, a)
}

// firstCredential returns the credential of a new sign-in.
func (g grant) firstCredential(iss helper.Issuer, a answer) (helper.Credential, error) {
	if err := g.checkIDToken(iss, a.start); err != nil {
		return helper.Credential{}, fmt.Errorf("%s answered, but %w", a.host, err)
	}
	return g.renew(helper.Credential{Issuer: iss}, a.start), nil
}

// checkIDToken checks the id_token of a sign-in. The openai profile requires one, because it names the account.
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

// present sends the credential's refresh token once (RFC 6749 section 6). It calls first before the first byte of the
// request body is sent; if first fails, nothing is sent.
func (c *Client) present(ctx context.Context, of helper.Credential, first func() error) answer {
	iss, token := of.Issuer, of.RefreshToken
	members := []pair{{"client_id", iss.ClientID}, {"grant_type", "refresh_token"}, {"refresh_token", token.Reveal()}}
	request := call{
		request: RequestRefresh, generation: of.Generation, endpoint: iss.TokenEndpoint, contentType: formType,
		body:     form(members...),
		detached: true, beforeFirstByte: first, secrets: []helper.Secret{token},
	}
	if iss.Profile == ProfileOpenAI {
		request.contentType, request.body = jsonType, object(members...)
	}
	return c.send(ctx, request)
}

// Revoke asks the authorization server to revoke the token (RFC 7009). Hint is "refresh_token" or "access_token". A
// token that the server does not know counts as revoked. After any error the token may still be valid.
// [ErrNoRevocation] means that the server cannot revoke tokens.
func (c *Client) Revoke(ctx context.Context, iss helper.Issuer, token helper.Secret, hint string) error {
	if iss.RevocationEndpoint == "" {
		return ErrNoRevocation
	}
	if err := checkEndpoint(iss, iss.RevocationEndpoint); err != nil {
		return fmt.Errorf("revocation endpoint: %w", err)
	}
	members := []pair{{"token", token.Reveal()}, {"token_type_hint", hint}, {"client_id", iss.ClientID}}
	request := call{
		request: RequestRevoke, endpoint: iss.RevocationEndpoint, contentType: formType,
		secrets: []helper.Secret{token},
	}
	switch {
	case iss.Profile != ProfileOpenAI:
		request.body = form(members...)
	case hint == "refresh_token":
		request.contentType, request.body = jsonType, object(members...)
	default: // like Codex, without client_id
		request.contentType, request.body = jsonType, object(members[:2]...)
	}
	a := c.send(ctx, request)
	if a.status == http.StatusOK {
		return nil // the body is ignored (RFC 7009 section 2.2)
	}
	return fmt.Errorf("revoke the token: %w; it may still be valid: %w", a.problem(nil), helper.ErrTemporary)
}

// A pair is one parameter of a request's body.
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
		return "" // strings always marshal
	}
	return string(b)
}
