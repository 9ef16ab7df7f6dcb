package authserver

import (
	"encoding/base64"
	"encoding/json"
	"time"
)

// newJWT returns the claims as a JWT with a random signature: no client of this server can verify
// it.
func newJWT(claims map[string]any) string {
	header := map[string]any{"alg": "RS256", "kid": "test", "typ": "JWT"}
	return segment(header) + "." + segment(claims) + "." + randomText(256)
}

func segment(members map[string]any) string {
	return base64.RawURLEncoding.EncodeToString(encode(members))
}

// encode returns v as JSON, for values that always have a JSON form.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a fault in this package: only texts, numbers, lists and objects are passed
	}
	return b
}

// idClaims returns the claims of the user's id_token.
func (s *Server) idClaims(u User) map[string]any {
	claims := s.timeClaims(time.Hour)
	claims["aud"] = []string{s.opts.ClientID}
	set(claims, "sub", u.Subject)
	set(claims, "email", u.Email)
	claims[claimAuth] = authClaim(u)
	return claims
}

// accessClaims returns the claims of an OpenAI access token.
func (s *Server) accessClaims(f *family) map[string]any {
	claims := s.timeClaims(s.life)
	claims["aud"] = []string{"https://api.openai.com/v1"}
	claims["client_id"] = s.opts.ClientID
	claims["jti"] = randomText(16)
	claims["scp"] = f.scope
	set(claims, "sub", f.user.Subject)
	claims[claimAuth] = authClaim(f.user)
	if f.user.Email != "" {
		claims[claimProfile] = map[string]any{"email": f.user.Email, "email_verified": true}
	}
	if s.padding > 0 {
		claims["padding"] = randomText(s.padding)
	}
	return claims
}

func (s *Server) timeClaims(life time.Duration) map[string]any {
	now := s.opts.Now()
	return map[string]any{"iss": s.url, "iat": now.Unix(), "exp": now.Add(life).Unix()}
}

// Names of OpenAI's own claims.
const (
	claimAuth    = "https://api.openai.com/auth"
	claimProfile = "https://api.openai.com/profile"
)

func authClaim(u User) map[string]any {
	claim := map[string]any{}
	set(claim, "chatgpt_account_id", u.AccountID)
	set(claim, "chatgpt_plan_type", u.Plan)
	set(claim, "chatgpt_user_id", u.UserID)
	set(claim, "user_id", u.UserID)
	return claim
}

func set(members map[string]any, name, value string) {
	if value != "" {
		members[name] = value
	}
}
