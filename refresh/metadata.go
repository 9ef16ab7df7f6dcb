package refresh

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// Issuer returns the endpoints of the authorization server in the settings. For the openai profile they are fixed. For
// the oauth profile it fetches the server's metadata, which must name exactly the issuer of the settings.
//
// The error is [helper.ErrInvalid] for invalid settings, [helper.ErrRejected] for invalid metadata, and
// [helper.ErrTemporary] if the server does not answer.
func (c *Client) Issuer(ctx context.Context, s Settings) (helper.Issuer, error) {
	switch s.Profile {
	case "", ProfileOpenAI:
		return s.openAI()
	case ProfileOAuth:
		return c.discover(ctx, s)
	}
	return helper.Issuer{}, fmt.Errorf("profile %q is %w: use %s or %s", sanitize(s.Profile, maxCode), helper.ErrInvalid,
		ProfileOpenAI, ProfileOAuth)
}

// metadata is the part of an authorization server's metadata (RFC 8414 section 2) that this package uses.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	DeviceEndpoint        string   `json:"device_authorization_endpoint"`
	Scopes                []string `json:"scopes_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	IssRequired           bool     `json:"authorization_response_iss_parameter_supported"`
}

func (c *Client) discover(ctx context.Context, s Settings) (helper.Issuer, error) {
	if s.Issuer == "" || s.ClientID == "" {
		return helper.Issuer{},
			fmt.Errorf("the %s profile without an issuer URL and a client id is %w", ProfileOAuth, helper.ErrInvalid)
	}
	if err := CheckEndpoint(s.Issuer); err != nil {
		return helper.Issuer{}, fmt.Errorf("issuer: %w", err)
	}
	first, second := metadataURLs(s.Issuer)
	m, err := c.metadata(ctx, first, s.Issuer)
	if err != nil {
		var otherErr error
		if m, otherErr = c.metadata(ctx, second, s.Issuer); otherErr != nil {
			return helper.Issuer{}, fmt.Errorf("read the issuer's metadata: %w", metadataError(err, otherErr))
		}
	}
	return helper.Issuer{
		Profile: ProfileOAuth, URL: s.Issuer, ClientID: s.ClientID,
		Scope:                 or(s.Scope, m.leastScope()),
		RedirectURI:           s.RedirectURI,
		Originator:            s.Originator,
		AuthorizationEndpoint: m.AuthorizationEndpoint,
		TokenEndpoint:         m.TokenEndpoint,
		RevocationEndpoint:    m.RevocationEndpoint,
		DeviceEndpoint:        m.DeviceEndpoint,
		IssRequired:           m.IssRequired,
	}, nil
}

// metadataError combines the errors of both URLs. A temporary error takes precedence: the other URL's error alone
// proves nothing.
func metadataError(first, second error) error {
	switch {
	case errors.Is(first, helper.ErrTemporary):
		return first
	case errors.Is(second, helper.ErrTemporary):
		return second
	}
	if other := (*IssuerNameError)(nil); errors.As(first, &other) || errors.As(second, &other) {
		return other // more specific than "not found" at the other URL
	}
	return fmt.Errorf("%w; %w", first, second)
}

// metadataURLs returns the two well-known URLs: with the well-known part inserted between host and path (RFC 8414
// section 3.1), and with it appended (OpenID Connect Discovery section 4).
func metadataURLs(issuer string) (inserted, appended string) {
	issuer = strings.TrimSuffix(issuer, "/")
	path := ""
	if u, err := url.Parse(issuer); err == nil {
		path = u.EscapedPath()
	}
	root := strings.TrimSuffix(issuer, path)
	return root + "/.well-known/oauth-authorization-server" + path, issuer + "/.well-known/openid-configuration"
}

func (c *Client) metadata(ctx context.Context, place, issuer string) (metadata, error) {
	a := c.send(ctx, call{request: RequestMetadata, endpoint: place})
	if a.err != nil {
		return metadata{}, fmt.Errorf("%w: %w", a.problem(nil), helper.ErrTemporary)
	}
	if a.status != http.StatusOK {
		return metadata{},
			fmt.Errorf("%w: %w", endpointError(a), temporaryIf(a.status >= 500 || a.status == http.StatusTooManyRequests))
	}
	var m metadata
	if json.Unmarshal(a.body, &m) != nil {
		return metadata{}, fmt.Errorf("the metadata of %s is %w: it is not the JSON of RFC 8414", a.host, helper.ErrRejected)
	}
	return m, m.check(issuer)
}

func temporaryIf(temporary bool) error {
	if temporary {
		return helper.ErrTemporary
	}
	return helper.ErrRejected
}

func (m metadata) check(issuer string) error {
	// RFC 8414 section 3.3 requires identical strings.
	if m.Issuer != issuer {
		return &IssuerNameError{What: "the metadata", Named: sanitize(m.Issuer, maxText), Wanted: issuer}
	}
	for _, endpoint := range []struct {
		name, url string
		optional  bool
	}{
		{"authorization_endpoint", m.AuthorizationEndpoint, false},
		{"token_endpoint", m.TokenEndpoint, false},
		{"revocation_endpoint", m.RevocationEndpoint, true},
		{"device_authorization_endpoint", m.DeviceEndpoint, true}, // RFC 8628 section 4
	} {
		if err := checkEndpoint(helper.Issuer{URL: issuer}, endpoint.url); err != nil &&
			(endpoint.url != "" || !endpoint.optional) {
			return fmt.Errorf("the metadata is %w: its %s: %s", helper.ErrRejected, endpoint.name, err.Error())
		}
	}
	if m.ChallengeMethods != nil && !slices.Contains(m.ChallengeMethods, "S256") {
		return fmt.Errorf("the metadata is %w for this client: the server does not offer PKCE with S256", helper.ErrRejected)
	}
	return nil
}

// leastScope returns the words of the constant leastScope that the server supports, or all of them if the server does
// not list its scopes.
func (m metadata) leastScope() string {
	if m.Scopes == nil {
		return leastScope
	}
	unknown := func(word string) bool { return !slices.Contains(m.Scopes, word) }
	return strings.Join(slices.DeleteFunc(strings.Fields(leastScope), unknown), " ")
}
