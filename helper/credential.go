package helper

import "time"

// A Credential is the result of a sign-in or of a refresh.
type Credential struct {
	AccessToken  Secret
	RefreshToken Secret // single use; empty if the server gave none
	// Expiry of the access token, on this machine's clock.
	Expiry time.Time
	// ObtainedAt is the time at which the request for the access token was sent.
	ObtainedAt time.Time
	// Generation counts the rotations since the sign-in, which is generation 1.
	Generation uint64
	// Scope that was granted; empty if the server did not say.
	Scope    string
	Identity Identity
	Issuer   Issuer
	// Refused is empty, or the reason for which the authorization server refused the refresh token for good. Then a new
	// sign-in is required.
	Refused string
}

// Identity identifies the person who signed in, from the claims of the id_token. No field is needed to get a token, and
// each may be empty.
type Identity struct {
	Subject   string `json:"subject,omitempty"`
	AccountID string `json:"account_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	Plan      string `json:"plan,omitempty"`
	Email     string `json:"email,omitempty"`
}

// Issuer describes the authorization server of a sign-in. It is fixed at the sign-in; requests go only to these
// endpoints.
type Issuer struct {
	// Profile is the dialect of OAuth: "openai" or "oauth".
	Profile  string `json:"profile"`
	URL      string `json:"url"`
	ClientID string `json:"client_id"`
	// Scope to request, words separated by a space.
	Scope string `json:"scope,omitempty"`
	// RedirectURI that the sign-in used.
	RedirectURI string `json:"redirect_uri,omitempty"`
	// Originator is the program's name that the openai profile sends.
	Originator            string `json:"originator,omitempty"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	// RevocationEndpoint is empty if the server has none.
	RevocationEndpoint string `json:"revocation_endpoint,omitempty"`
	// DeviceEndpoint is the device authorization endpoint; empty if the server has none.
	DeviceEndpoint string `json:"device_authorization_endpoint,omitempty"`
	// IssRequired: the server puts iss into every authorization response (RFC 9207 section 3).
	IssRequired bool `json:"iss_required,omitempty"`
}

const (
	defaultMinTTL = 5 * time.Minute
	// clockSlack is how far a clock may go back without being considered wrong.
	clockSlack = time.Minute
	// lifeShare divides a token's lifetime: a lifeShare-th of it is "a tenth" in the comments below.
	lifeShare = 10
)

// Valid reports whether the access token has not expired at now.
func (c Credential) Valid(now time.Time) bool {
	return !c.AccessToken.IsZero() && now.Before(c.Expiry)
}

// MinTTL returns the remaining lifetime below which the access token is not fresh: 5 minutes or a tenth of its
// lifetime, whichever is less.
func (c Credential) MinTTL() time.Duration {
	return min(defaultMinTTL, c.life()/lifeShare)
}

// Fresh reports whether the access token is valid for at least minTTL after now; a zero minTTL means
// [Credential.MinTTL].
func (c Credential) Fresh(now time.Time, minTTL time.Duration) bool {
	if minTTL == 0 {
		minTTL = c.MinTTL()
	}
	return c.Valid(now) && c.Expiry.Sub(now) >= minTTL
}

// Aging reports whether the access token is in the last tenth of its lifetime at now. It may still be fresh, but should
// be refreshed soon.
func (c Credential) Aging(now time.Time) bool {
	return c.Expiry.Sub(now) < c.life()/lifeShare
}

// Old reports whether the access token is in the last twentieth of its lifetime at now.
func (c Credential) Old(now time.Time) bool {
	return c.Expiry.Sub(now) < c.life()/(2*lifeShare)
}

// Early reports whether now is before ObtainedAt, by more than clocks differ: the clock has gone back, so that the
// expiry says nothing.
func (c Credential) Early(now time.Time) bool {
	return c.ObtainedAt.Sub(now) > clockSlack
}

// Young reports whether the access token is younger than a tenth of its lifetime at now. A young token is not refreshed
// for a long minTTL: the next one would not live longer.
func (c Credential) Young(now time.Time) bool {
	return c.Valid(now) && now.Sub(c.ObtainedAt) < c.life()/lifeShare
}

func (c Credential) life() time.Duration { return c.Expiry.Sub(c.ObtainedAt) }
