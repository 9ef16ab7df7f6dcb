package refresh

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
)

// Profiles: the dialects of OAuth that the package speaks.
const (
	// ProfileOpenAI is the dialect of Codex's sign-in: fixed paths, JSON bodies
	// for the refresh and the revocation.
	ProfileOpenAI = "openai"
	// ProfileOAuth is any server that follows RFC 6749 and publishes metadata
	// (RFC 8414 or OpenID Connect Discovery).
	ProfileOAuth = "oauth"
)

const (
	openAIIssuer     = "https://auth.openai.com"
	openAIClientID   = "app_EMoamEEZ73f0CkXaXp7hrann" // Codex's public client
	openAIOriginator = "codex-cred"
	// leastScope is the least that yields an identity and a refresh token.
	leastScope = "openid profile email offline_access"
)

// Settings are what a person chose for a sign-in. An empty field stands for
// the default of the profile; an empty Profile is [ProfileOpenAI]. The oauth
// profile has no default Issuer and ClientID.
type Settings struct {
	Profile, Issuer, ClientID, Scope, RedirectURI, Originator string
}

// openAI derives the issuer of the openai profile without asking anybody.
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

// CheckEndpoint returns [helper.ErrInvalid] unless raw is the URL of an
// endpoint that may be given secrets: https, or http on a literal loopback
// address (127.0.0.0/8 or [::1]; a name like localhost is resolved by others),
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

// An IssuerNameError says that a server calls itself by another name than the
// issuer that was asked for, if only by a slash: names of issuers are compared byte
// by byte (RFC 8414 section 3.3, RFC 9207 section 2.4, OpenID Connect Core section
// 3.1.3.7). It wraps [helper.ErrRejected].
type IssuerNameError struct {
	What          string // that has the name, such as "the metadata"
	Named, Wanted string // fit for a terminal
}

// NewIssuerNameError returns the error for a name that came from a server.
func NewIssuerNameError(what, named string, iss helper.Issuer) *IssuerNameError {
	return &IssuerNameError{What: what, Named: sanitize(named, maxText), Wanted: iss.URL}
}

// Error implements error.
func (e *IssuerNameError) Error() string {
	if e.OnlySlash() {
		return fmt.Sprintf("%s is %v: it names the issuer %q, and %q was asked for, which differs by the slash at its end; issuers must be identical",
			e.What, helper.ErrRejected, e.Named, e.Wanted)
	}
	return fmt.Sprintf("%s is %v: it names the issuer %q, and %q was asked for", e.What, helper.ErrRejected, e.Named, e.Wanted)
}

// Unwrap returns [helper.ErrRejected].
func (e *IssuerNameError) Unwrap() error { return helper.ErrRejected }

// OnlySlash reports whether the names differ by a slash at the end and by nothing
// else, so that the wanted one was likely mistyped.
func (e *IssuerNameError) OnlySlash() bool {
	return strings.TrimSuffix(e.Named, "/") == strings.TrimSuffix(e.Wanted, "/")
}

// checkEndpoint is [CheckEndpoint] for an endpoint of the issuer. Only an issuer
// that is itself at http on loopback may have endpoints there: another could
// send secrets to whoever listens on a port of this computer.
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

// urlProblem says why the URL must not be visited, by this program or by a
// person; empty if it may be.
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
