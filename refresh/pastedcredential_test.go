package refresh_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// testTime is when the documents of these tests are given.
func testTime() time.Time { return time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC) }

func parseDocument(t *testing.T, document string) (helper.Credential, error) {
	t.Helper()
	client := &refresh.Client{UserAgent: "codex-cred/test", Now: testTime}
	return client.ParseCredential(t.Context(), strings.NewReader(document))
}

// claimsToken returns a JWT with the claims.
func claimsToken(claims string) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part([]byte(claims)) + "." + part([]byte("signature"))
}

// with returns the document of these members over those of the least one.
func with(members map[string]any) string {
	all := map[string]any{"access_token": "given-access-token"}
	maps.Copy(all, members)
	b, _ := json.Marshal(all)
	return string(b)
}

func TestGiven(t *testing.T) {
	in := func(d time.Duration) time.Time { return testTime().Add(d) }
	claims := `{"sub":"user-1","email":"user@example.com","aud":"` + authserver.OpenAIClientID +
		`","https://api.openai.com/auth":{"chatgpt_account_id":"acct-1","chatgpt_plan_type":"plus"}}`
	full := helper.Identity{Subject: "user-1", AccountID: "acct-1", Plan: "plus", Email: "user@example.com"}
	for _, c := range []struct {
		what     string
		members  map[string]any
		expiry   time.Time
		identity helper.Identity
	}{
		{"an access token alone lives an hour", nil, in(time.Hour), helper.Identity{}},
		{"expires_in", map[string]any{"expires_in": 600}, in(10 * time.Minute), helper.Identity{}},
		{"expiry", map[string]any{"expiry": "2027-01-15T12:00:00+02:00"}, in(2 * time.Hour), helper.Identity{}},
		{
			"the exp of a JWT",
			map[string]any{"access_token": claimsToken(`{"exp":1800000300}`)},
			in(5 * time.Minute),
			helper.Identity{},
		},
		{"an id_token says who", map[string]any{"id_token": claimsToken(claims)}, in(time.Hour), full},
		{"else the access token", map[string]any{"access_token": claimsToken(claims)}, in(time.Hour), full},
		{
			"account_id comes first",
			map[string]any{"id_token": claimsToken(claims), "account_id": "acct-2"},
			in(time.Hour),
			helper.Identity{Subject: "user-1", AccountID: "acct-2", Plan: "plus", Email: "user@example.com"},
		},
		{
			"text from outside is cleaned",
			map[string]any{"account_id": "a\u202eb\x1b[31mc"},
			in(time.Hour),
			helper.Identity{AccountID: "ab[31mc"},
		},
		{"an expired token with a refresh token", map[string]any{
			"expiry":        "2020-01-01T00:00:00Z",
			"refresh_token": "given-refresh-token",
		}, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), helper.Identity{}},
	} {
		t.Run(c.what, func(t *testing.T) {
			got, err := parseDocument(t, with(c.members))
			if err != nil {
				t.Fatal(err)
			}
			if !got.Expiry.Equal(c.expiry) || got.Identity != c.identity || got.Generation != 1 ||
				!got.ObtainedAt.Equal(testTime()) {
				t.Errorf("expiry %v, identity %+v, generation %d", got.Expiry, got.Identity, got.Generation)
			}
		})
	}
}

func TestGivenKeepsTheTokens(t *testing.T) {
	got, err := parseDocument(t, with(map[string]any{
		"refresh_token": "given-refresh-token", "scope": "openid email",
		"token_type": "bearer", "originator": "me",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessToken.Reveal() != "given-access-token" || got.RefreshToken.Reveal() != "given-refresh-token" ||
		got.Scope != "openid email" {
		t.Error("a token or the scope is not what was given")
	}
	iss := got.Issuer
	if iss.Profile != refresh.ProfileOpenAI || iss.URL != "https://auth.openai.com" ||
		iss.ClientID != authserver.OpenAIClientID || iss.Originator != "me" {
		t.Errorf("issuer %+v", iss)
	}
}

// TestGivenOfAnotherIssuer checks that the endpoints of another issuer come from its metadata, as at a sign-in.
func TestGivenOfAnotherIssuer(t *testing.T) {
	server, err := authserver.Start(authserver.Options{Profile: authserver.ProfileOAuth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	document := with(map[string]any{"profile": "oauth", "issuer": server.URL(), "client_id": "me"})
	got, err := parseDocument(t, document)
	if err != nil || got.Issuer.TokenEndpoint != server.URL()+"/token" {
		t.Errorf("token endpoint %q, %v", got.Issuer.TokenEndpoint, err)
	}
	if err := server.Fail(authserver.Fault{Kind: authserver.WrongIssuer, Times: authserver.Forever}); err != nil {
		t.Fatal(err)
	}
	if _, err := parseDocument(t, document); !errors.Is(err, helper.ErrRejected) {
		t.Errorf("with the metadata of another issuer: %v", err)
	}
}

func TestGivenIsStrict(t *testing.T) {
	const secret = "secretSECRETsecretSECRETsecretSECRET"
	for what, document := range map[string]string{
		"nothing":                      ``,
		"no object":                    `["` + secret + `"]`,
		"no JSON":                      secret,
		"no access token":              `{"refresh_token":"` + secret + `"}`,
		"an empty access token":        `{"access_token":""}`,
		"an unknown member":            with(map[string]any{secret: secret}),
		"another case":                 `{"Access_Token":"` + secret + `"}`,
		"a member twice":               `{"access_token":"` + secret + `","access_token":"x"}`,
		"a number for a text":          `{"access_token":1}`,
		"a text for a number":          with(map[string]any{"expires_in": "600"}),
		"null":                         `{"access_token":null}`,
		"an object for a text":         with(map[string]any{"scope": map[string]string{"a": secret}}),
		"a second object":              `{"access_token":"` + secret + `"}{}`,
		"a cut object":                 `{"access_token":"` + secret + `"`,
		"a cut text":                   `{"access_token":"` + secret,
		"a line feed in a token":       `{"access_token":"` + secret + `\n"}`,
		"a space in the refresh token": with(map[string]any{"refresh_token": secret + " x"}),
		"another token type":           with(map[string]any{"token_type": "mac"}),
		"both kinds of expiry":         with(map[string]any{"expires_in": 1, "expiry": "2030-01-01T00:00:00Z"}),
		"a negative life":              with(map[string]any{"expires_in": -1}),
		"no life":                      with(map[string]any{"expires_in": 0}),
		"an expiry in words":           with(map[string]any{"expiry": "tomorrow " + secret}),
		"an expiry far away":           with(map[string]any{"expiry": "9999-01-01T00:00:00Z"}),
		"expired, nothing to refresh":  with(map[string]any{"expiry": "2020-01-01T00:00:00Z"}),
		"no id_token":                  with(map[string]any{"id_token": secret}),
		"an id_token of another app":   with(map[string]any{"id_token": claimsToken(`{"aud":"other"}`)}),
		"an id_token of another site":  with(map[string]any{"id_token": claimsToken(`{"iss":"https://other.example.com"}`)}),
		"an unknown profile":           with(map[string]any{"profile": "saml"}),
		"an issuer without TLS":        with(map[string]any{"issuer": "http://auth.example.com"}),
		"an issuer that is a file":     with(map[string]any{"issuer": "file:///etc/passwd"}),
		"64 KiB":                       with(map[string]any{"scope": strings.Repeat("x", 64<<10)}),
	} {
		t.Run(what, func(t *testing.T) {
			_, err := parseDocument(t, document)
			if !errors.Is(err, helper.ErrInvalid) {
				t.Fatalf("error %v, want ErrInvalid", err)
			}
			if strings.Contains(err.Error(), secret[:12]) {
				t.Errorf("the error quotes the document: %v", err)
			}
		})
	}
}

func FuzzGiven(f *testing.F) {
	f.Add(with(map[string]any{"expires_in": 3600, "refresh_token": "r", "id_token": claimsToken(`{"sub":"x"}`)}))
	f.Add(`{"access_token":"a","expiry":"2030-01-01T00:00:00Z"}`)
	f.Add(`{"access_token":"a"} {`)
	f.Fuzz(func(t *testing.T, document string) {
		client := &refresh.Client{
			Now:   testTime,
			Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("no network") },
		}
		c, err := client.ParseCredential(t.Context(), strings.NewReader(document))
		switch {
		case err == nil && (c.AccessToken.IsZero() || c.Expiry.IsZero() || !c.Valid(testTime()) && c.RefreshToken.IsZero()):
			t.Errorf("accepted as %+v", c)
		case err != nil && !errors.Is(err, helper.ErrInvalid) && !errors.Is(err, helper.ErrTemporary):
			t.Errorf("refused with %v", err)
		}
	})
}
