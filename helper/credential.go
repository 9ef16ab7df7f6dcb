package helper

import "time"

// A Credential is what one sign-in yields and each rotation renews.
type Credential struct {
	AccessToken  Secret
	RefreshToken Secret // single use; empty when the server gave none
	// Expiry of the access token, on this machine's wall clock.
	Expiry time.Time
	// ObtainedAt is the start of the request that brought the access token.
	ObtainedAt time.Time
	// Generation counts rotations since the sign-in, which is generation 1.
	Generation uint64
	// Scope that was granted; empty when the server did not say.
	Scope    string
	Identity Identity
	Issuer   Issuer
	// Refused is empty, or the reason for which the authorization server
	// refused the refresh token for good. Then only a sign-in helps.
	Refused string
}

// Identity is who signed in, from the claims of the id_token. None of it is
// needed to get a token, and any of it may be empty.
type Identity struct {
	Subject   string `json:"subject,omitempty"`
	AccountID string `json:"account_id,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	Plan      string `json:"plan,omitempty"`
	Email     string `json:"email,omitempty"`
}

// Issuer is how to talk to the authorization server that the person signed in
// with. It is fixed at the sign-in; only these endpoints are ever asked.
type Issuer struct {
	// Profile is the dialect: "openai" or "oauth".
	Profile  string `json:"profile"`
	URL      string `json:"url"`
	ClientID string `json:"client_id"`
	// Scope that is asked for, words separated by a space.
	Scope string `json:"scope,omitempty"`
	// RedirectURI that the sign-in used.
	RedirectURI string `json:"redirect_uri,omitempty"`
	// Originator is the name of the program that the openai profile sends.
	Originator            string `json:"originator,omitempty"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	// RevocationEndpoint is empty when the server has none.
	RevocationEndpoint string `json:"revocation_endpoint,omitempty"`
	// DeviceEndpoint is where a sign-in without a browser on this machine
	// begins; empty when the server has none.
	DeviceEndpoint string `json:"device_authorization_endpoint,omitempty"`
	// IssRequired: the server says that it puts iss into every authorization
	// response (RFC 9207 section 3).
	IssRequired bool `json:"iss_required,omitempty"`
}

const (
	defaultMinTTL = 5 * time.Minute
	// clockSlack is how far a clock goes back in ordinary life.
	clockSlack = time.Minute
	// lifeShare of a token's life is the part that counts as "a tenth".
	lifeShare = 10
)

// Valid reports whether the access token has not expired at now.
func (c Credential) Valid(now time.Time) bool {
	return !c.AccessToken.IsZero() && now.Before(c.Expiry)
}

// MinTTL returns the remaining life below which the access token counts as not
// fresh: 5 minutes or a tenth of its life, whichever is less.
func (c Credential) MinTTL() time.Duration {
	return min(defaultMinTTL, c.life()/lifeShare)
}

// Fresh reports whether the access token is good for at least minTTL after
// now; a zero minTTL stands for [Credential.MinTTL].
func (c Credential) Fresh(now time.Time, minTTL time.Duration) bool {
	if minTTL == 0 {
		minTTL = c.MinTTL()
	}
	return c.Valid(now) && c.Expiry.Sub(now) >= minTTL
}

// Aging reports whether the access token is in the last tenth of its life at
// now: it may be fresh, and it is time for the next.
func (c Credential) Aging(now time.Time) bool {
	return c.Expiry.Sub(now) < c.life()/lifeShare
}

// Old reports whether the access token is in the second half of its last tenth
// at now.
func (c Credential) Old(now time.Time) bool {
	return c.Expiry.Sub(now) < c.life()/(2*lifeShare)
}

// Early reports whether now lies before the credential was obtained, by more
// than clocks differ: the clock went back, and nothing is known of the expiry.
func (c Credential) Early(now time.Time) bool {
	return c.ObtainedAt.Sub(now) > clockSlack
}

// Young reports whether the access token is younger than a tenth of its life
// at now. A young token is not refreshed for the sake of a long minTTL: the
// next one would not live longer.
func (c Credential) Young(now time.Time) bool {
	return c.Valid(now) && now.Sub(c.ObtainedAt) < c.life()/lifeShare
}

func (c Credential) life() time.Duration { return c.Expiry.Sub(c.ObtainedAt) }
