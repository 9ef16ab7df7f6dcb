package refresh_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

func fromTokens(t *testing.T, tokens refresh.Tokens) (helper.Credential, error) {
	t.Helper()
	client := &refresh.Client{UserAgent: "codex-cred/test", Now: testTime}
	return client.FromTokens(t.Context(), tokens)
}

// tokensOf returns tokens with the access token.
func tokensOf(access string) refresh.Tokens {
	return refresh.Tokens{Access: helper.NewSecret(access), Refresh: helper.NewSecret("taken-refresh-token")}
}

func TestTake(t *testing.T) {
	ends := testTime().Add(5 * time.Minute) // 1800000300
	claims := `{"sub":"user-1","email":"user@example.com","exp":1800000300,"https://api.openai.com/auth":{"chatgpt_account_id":"acct-1","chatgpt_user_id":"u-1"}}`
	known := helper.Identity{AccountID: "acct-7", UserID: "u-7", Email: "seven@example.com"}
	for _, c := range []struct {
		what     string
		access   string
		change   func(*refresh.Tokens)
		expiry   time.Time
		identity helper.Identity
	}{
		{"an access token that tells nothing has ended", "opaque", func(*refresh.Tokens) {}, testTime(), helper.Identity{}},
		{
			"its program knows when it ends", "opaque", func(k *refresh.Tokens) { k.Expiry = ends.Add(time.Hour) },
			ends.Add(time.Hour),
			helper.Identity{},
		},
		{
			"the token knows better", claimsToken(`{"exp":1800000300}`),
			func(k *refresh.Tokens) { k.Expiry = ends.Add(time.Hour) }, ends,
			helper.Identity{},
		},
		{
			"nobody believes in a life of centuries", "opaque", func(k *refresh.Tokens) { k.Expiry = ends.AddDate(300, 0, 0) },
			testTime(),
			helper.Identity{},
		},
		{
			"the access token says who", claimsToken(claims), func(*refresh.Tokens) {}, ends,
			helper.Identity{Subject: "user-1", AccountID: "acct-1", UserID: "u-1", Email: "user@example.com"},
		},
		{
			"the chosen account comes first", claimsToken(claims), func(k *refresh.Tokens) { k.Identity = known }, ends,
			helper.Identity{Subject: "user-1", AccountID: "acct-7", UserID: "u-1", Email: "user@example.com"},
		},
		{"the program fills gaps", "opaque", func(k *refresh.Tokens) { k.Identity = known }, testTime(), known},
		{"text from outside is cleaned", "opaque", func(k *refresh.Tokens) {
			k.Identity.AccountID,
				k.Identity.UserID = "a\u202eb", "u\x1b[1m"
		}, testTime(), helper.Identity{AccountID: "ab", UserID: "u[1m"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			tokens := tokensOf(c.access)
			c.change(&tokens)
			got, err := fromTokens(t, tokens)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Expiry.Equal(c.expiry) || got.Identity != c.identity || got.Generation != 1 ||
				got.Issuer.ClientID != authserver.OpenAIClientID {
				t.Errorf("expiry %v, identity %+v, issuer %+v", got.Expiry, got.Identity, got.Issuer)
			}
			if got.AccessToken.Reveal() != c.access || got.RefreshToken.Reveal() != "taken-refresh-token" {
				t.Error("the tokens are others")
			}
		})
	}
}

func TestTakeRefuses(t *testing.T) {
	const secret = "a-secret-that-is-long-enough"
	for what, change := range map[string]func(*refresh.Tokens){
		"no access token":      func(k *refresh.Tokens) { k.Access = helper.Secret{} },
		"no refresh token":     func(k *refresh.Tokens) { k.Refresh = helper.Secret{} },
		"a token of two lines": func(k *refresh.Tokens) { k.Access = helper.NewSecret(secret + "\n" + secret) },
		"an id_token of others": func(k *refresh.Tokens) {
			k.ID = helper.NewSecret(claimsToken(`{"aud":"` + secret +
				`"}`))
		},
		"an id_token that is none": func(k *refresh.Tokens) { k.ID = helper.NewSecret(secret) },
		"an issuer without TLS":    func(k *refresh.Tokens) { k.Settings.Issuer = "http://auth.example.com" },
	} {
		t.Run(what, func(t *testing.T) {
			tokens := tokensOf(secret)
			change(&tokens)
			if _, err := fromTokens(t, tokens); !errors.Is(err, helper.ErrInvalid) || strings.Contains(err.Error(), secret) {
				t.Errorf("error %v, want ErrInvalid without a secret", err)
			}
		})
	}
}
