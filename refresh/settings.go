package refresh

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// Profiles are the dialects of OAuth that the package supports.
const (
	// ProfileOpenAI is the dialect of Codex's sign-in: fixed paths, and JSON bodies for refresh and revocation.
	ProfileOpenAI = "openai"
	// ProfileOAuth is for any server that follows RFC 6749 and publishes metadata (RFC 8414 or OpenID Connect
	// Discovery).
	ProfileOAuth = "oauth"
)

const (
	openAIIssuer     = "https://auth.openai.com"
	openAIClientID   = "app_EMoamEEZ73f0CkXaXp7hrann" // Codex's public client
	openAIOriginator = "codex-cred"
	// leastScope is the smallest scope that gives an identity and a refresh token.
	leastScope = "openid profile email offline_access"
)

// Settings are a person's choices for a sign-in. An empty field means the profile's default; an empty Profile means
// [ProfileOpenAI]. The oauth profile has no default for Issuer and ClientID.
type Settings struct {
	Profile, Issuer, ClientID, Scope, RedirectURI, Originator string
}

// openAI returns the issuer of the openai profile, without any request.
func (s Settings) openAI() (helper.Issuer, error) {
	base := strings.TrimSuffix(or(s.Issuer, openAIIssuer), "/")
	if err := CheckEndpoint(base); err != nil {
		return helper.Issuer{}, fmt.Errorf("issuer: %w", err)
	}
	return helper.Issuer{
		Profile: ProfileOpenAI, URL: base,
		ClientID:              or(s.ClientID, openAIClientID),
		Scope:                 or(s.Scope, leastScope),
		RedirectURI:           s.RedirectURI,
		Originator:            or(s.Originator, openAIOriginator),
		AuthorizationEndpoint: base + "/oauth/authorize",
		TokenEndpoint:         base + "/oauth/token",
		RevocationEndpoint:    base + "/oauth/revoke",
		DeviceEndpoint:        base + "/api/accounts/deviceauth" + userCodePath,
	}, nil
}

// CheckEndpoint returns [helper.ErrInvalid] unless raw is the URL of an endpoint that secrets may be sent to: https, or
// http on a literal loopback address (127.0.0.0/8 or [::1]; a name like localhost may resolve to another address),
// without user information, query and fragment.
func CheckEndpoint(raw string) error {
	problem := urlProblem(raw)
	if problem == "" && strings.ContainsAny(raw, "?#") {
		problem = "it has a query or a fragment"
	}
	if problem == "" {
		return nil
	}
	if u, err := url.Parse(raw); err == nil {
		u.User = nil
		raw = u.Redacted()
	} else {
		raw = ""
	}
	return fmt.Errorf("URL %q is %w: %s", sanitize(raw, maxCode), helper.ErrInvalid, problem)
}

// An IssuerNameError means that a server uses another issuer identifier than the one that was asked for. Identifiers
// are compared byte by byte, including a trailing slash (RFC 8414 section 3.3, RFC 9207 section 2.4, OpenID Connect
// Core section 3.1.3.7). It wraps [helper.ErrRejected].
type IssuerNameError struct {
	What          string // where the identifier was found, such as "the metadata"
	Named, Wanted string // safe to print
}

// NewIssuerNameError returns the error for an identifier from a server.
func NewIssuerNameError(what, named string, iss helper.Issuer) *IssuerNameError {
	return &IssuerNameError{What: what, Named: sanitize(named, maxText), Wanted: iss.URL}
}

// Error implements error.
func (e *IssuerNameError) Error() string {
	if e.OnlySlash() {
		return fmt.Sprintf("%s is %v: it names the issuer %q, and %q was asked for, which differs by the slash at its "+
			"end; issuers must be identical",
			e.What, helper.ErrRejected, e.Named, e.Wanted)
	}
	return fmt.Sprintf("%s is %v: it names the issuer %q, and %q was asked for", e.What, helper.ErrRejected, e.Named,
		e.Wanted)
}

// Unwrap returns [helper.ErrRejected].
func (e *IssuerNameError) Unwrap() error { return helper.ErrRejected }

// OnlySlash reports whether the identifiers differ only by a trailing slash, so that the wanted one was probably
// mistyped.
func (e *IssuerNameError) OnlySlash() bool {
	return strings.TrimSuffix(e.Named, "/") == strings.TrimSuffix(e.Wanted, "/")
}

// checkEndpoint is [CheckEndpoint] for an endpoint of the issuer. An endpoint at http on loopback is allowed only if
// the issuer itself is there: another issuer could otherwise have secrets sent to any program that listens on this
// computer.
func checkEndpoint(iss helper.Issuer, endpoint string) error {
	if err := CheckEndpoint(endpoint); err != nil {
		return err
	}
	if isHTTP(endpoint) && (!isHTTP(iss.URL) || CheckEndpoint(iss.URL) != nil) {
		return fmt.Errorf("URL %q is %w: http is allowed only if the issuer is at http on loopback too, and it is %q",
			sanitize(endpoint, maxCode), helper.ErrInvalid, sanitize(iss.URL, maxCode))
	}
	return nil
}

func isHTTP(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "http"
}

// urlProblem describes why the URL must not be opened, by this program or by a person, or returns "".
func urlProblem(raw string) string {
	u, err := url.Parse(raw)
	switch {
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "it holds characters that no URL has"
	case err != nil:
		return "it does not parse"
	case u.Scheme != "https" && u.Scheme != "http":
		return "it is not https"
	case u.Hostname() == "":
		return "it has no host"
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "http is allowed only on 127.0.0.1 or [::1]"
	case u.User != nil:
		return "it has user information"
	}
	return ""
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() && ip.Zone() == "" && !ip.Is4In6()
}

func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return sanitize(u.Host, maxCode)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
