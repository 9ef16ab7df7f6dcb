package helper_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// windowsLimit is the maximum size of a secret in the Windows credential manager, the smallest of all keychains:
// CRED_MAX_CREDENTIAL_BLOB_SIZE.
const windowsLimit = 2560

// randomText returns base64url text of n random characters.
func randomText(random *rand.Rand, n int) string {
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(random.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(raw)[:n]
}

func segment(members map[string]any) string {
	b, err := json.Marshal(members)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// randomID returns a random UUID (RFC 9562 section 5.4).
func randomID(random *rand.Rand) string {
	high, low := random.Uint64(), random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-9%03x-%012x", high>>32, high>>16&0xffff, high&0xfff, low>>52, low&0xffffffffffff)
}

// claims returns those of a ChatGPT access token.
func claims(random *rand.Rand, person helper.Identity) map[string]any {
	return map[string]any{
		"aud": []string{"https://api.openai.com/v1"}, "iss": "https://auth.openai.com", "client_id": sampleIssuer().ClientID,
		"iat": start().Unix(), "nbf": start().Unix(), "exp": start().Add(240 * time.Hour).Unix(),
		"jti": randomID(random), "session_id": "authsess_" + randomText(random, 24),
		"sub": person.Subject, "scp": []string{"openid", "profile", "email", "offline_access"},
		"https://api.openai.com/auth": map[string]any{
			"chatgpt_account_id": person.AccountID, "chatgpt_plan_type": person.Plan,
			"chatgpt_user_id": person.UserID, "user_id": person.UserID,
		},
		"https://api.openai.com/profile": map[string]any{"email": person.Email, "email_verified": true},
	}
}

// accessToken returns a JWT with the claims and a signature of 256 bytes, filled up to about the size with more claims
// that fill returns.
func accessToken(random *rand.Rand, size int, members map[string]any, fill func(*rand.Rand) string) string {
	more := []string{}
	header := segment(map[string]any{"alg": "RS256", "kid": randomID(random), "typ": "JWT"})
	signature := randomText(random, 341) + "A" // the last digit has four bits to spare
	for {
		members["more"] = more
		token := header + "." + segment(members) + "." + signature
		if len(token) >= size {
			return token
		}
		more = append(more, fill(random))
	}
}

// chatGPT returns a credential as a ChatGPT sign-in brings it, for the person of the claims.
func chatGPT(random *rand.Rand, size, refresh int, fill func(*rand.Rand) string) helper.Credential {
	c := sample()
	c.Generation, c.Refused = 37, ""
	c.Identity = helper.Identity{
		Subject: "google-oauth2|108347298471203948571", AccountID: randomID(random),
		UserID: "user-" + randomText(random, 24), Plan: "pro", Email: "somebody.with.a.name@example.com",
	}
	c.AccessToken = helper.NewSecret(accessToken(random, size, claims(random, c.Identity), fill))
	c.RefreshToken = helper.NewSecret("rt_" + randomText(random, refresh-3))
	return c
}

// TestEncodeCompact_FitsWindows checks the size of realistic credentials, with the issuer's settings. A credential that
// does not fit cannot be kept in the keychain on Windows.
func TestEncodeCompact_FitsWindows(t *testing.T) {
	noise := func(random *rand.Rand) string { return randomText(random, 40) }
	for _, c := range []struct {
		name            string
		access, refresh int
		fill            func(*rand.Rand) string
		fits            bool
	}{
		{"ids", 1_500, 100, randomID, true},
		{"ids", 1_500, 500, randomID, true},
		{"ids", 2_000, 100, randomID, true},
		{"ids", 2_000, 500, randomID, true},
		{"ids", 3_000, 100, randomID, true},
		{"ids", 3_000, 500, randomID, true},
		{"ids", 4_100, 100, randomID, true},
		{"ids", 4_100, 500, randomID, true},
		{"noise", 2_000, 500, noise, true},
		{"noise", 3_000, 100, noise, true},
		{"noise", 4_100, 500, noise, false},
	} {
		t.Run(fmt.Sprintf("%s, %d and %d", c.name, c.access, c.refresh), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, 2))
			cred := chatGPT(random, c.access, c.refresh, c.fill)
			plain, compact := mustEncode(t, helper.Encode, cred), mustEncode(t, helper.EncodeCompact, cred)
			t.Logf("access token %d, refresh token %d: plain %d, compact %d bytes", len(cred.AccessToken.Reveal()), c.refresh,
				len(plain), len(compact))
			if fits := len(compact) <= windowsLimit; fits != c.fits {
				t.Errorf("the compact form has %d bytes; fits %d: %v, want %v", len(compact), windowsLimit, fits, c.fits)
			}
			wantSame(t, roundTrip(t, form{"compact", helper.EncodeCompact}, cred), cred)
		})
	}
}
