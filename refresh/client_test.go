package refresh_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestIssuer_OpenAI checks that the openai profile makes no request.
func TestIssuer_OpenAI(t *testing.T) {
	c := &refresh.Client{}
	got, err := c.Issuer(t.Context(), refresh.Settings{})
	want := helper.Issuer{
		Profile: "openai", URL: "https://auth.openai.com", ClientID: "app_EMoamEEZ73f0CkXaXp7hrann",
		Scope: "openid profile email offline_access", Originator: "codex-cred",
		AuthorizationEndpoint: "https://auth.openai.com/oauth/authorize",
		TokenEndpoint:         "https://auth.openai.com/oauth/token",
		RevocationEndpoint:    "https://auth.openai.com/oauth/revoke",
		DeviceEndpoint:        "https://auth.openai.com/api/accounts/deviceauth/usercode",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, issuer (-want +got):\n%s", err, diff)
	}
	got, err = c.Issuer(t.Context(), refresh.Settings{
		Issuer: "https://other.example/", ClientID: "me", Scope: "openid", RedirectURI: "http://localhost:1455/auth/callback",
		Originator: "mine",
	})
	if err != nil || got.TokenEndpoint != "https://other.example/oauth/token" || got.ClientID != "me" ||
		got.Scope != "openid" ||
		got.RedirectURI != "http://localhost:1455/auth/callback" || got.Originator != "mine" {
		t.Errorf("error %v, issuer %+v", err, got)
	}
	for _, s := range []refresh.Settings{
		{Issuer: "http://auth.openai.com"},
		{Profile: "saml"},
		{Profile: "oauth"},
		{Profile: "oauth", Issuer: "https://a.example"},
	} {
		if _, err := c.Issuer(t.Context(), s); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("%+v: error %v, want ErrInvalid", s, err)
		}
	}
}

func TestIssuer_Metadata(t *testing.T) {
	for _, o := range []authserver.Options{
		{}, {IssuerPath: "/tenant"}, {OpenIDMetadata: true}, {IssuerPath: "/tenant", OpenIDMetadata: true},
	} {
		o.Profile = refresh.ProfileOAuth
		server, err := authserver.Start(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		settings := refresh.Settings{Profile: refresh.ProfileOAuth, Issuer: server.URL(), ClientID: "c"}
		c := &refresh.Client{Now: time.Now} //nolint:forbidigo // nothing here depends on the time
		got, err := c.Issuer(t.Context(), settings)
		if err != nil || got.URL != server.URL() || got.ClientID != "c" || !got.IssRequired ||
			got.TokenEndpoint == "" || got.AuthorizationEndpoint == "" || got.RevocationEndpoint == "" ||
			got.DeviceEndpoint == "" {
			t.Errorf("%+v: error %v, issuer %+v", o, err, got)
		}
		if err := server.Fail(authserver.Fault{Kind: authserver.WrongIssuer, Times: authserver.Forever}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Issuer(t.Context(), settings); !errors.Is(err, helper.ErrRejected) {
			t.Errorf("%+v: metadata of another issuer: error %v, want ErrRejected", o, err)
		}
	}
}

// serve returns the URL of a server that gives the same answer to every request.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestIssuer_HostileMetadata(t *testing.T) {
	c := &refresh.Client{Now: time.Now} //nolint:forbidigo // nothing here depends on the time
	for _, m := range []struct {
		name, body string
		scope      string // that results; empty for an error
	}{
		{
			"good", `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t"}`,
			"openid profile email offline_access",
		},
		{"few scopes", `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t","scopes_supported":["email","openid","x"]}`, "openid email"},
		{"html", `<html>`, ""},
		{"truncated", `{"issuer":"URL","authoriz`, ""},
		{"no issuer", `{"authorization_endpoint":"URL/a","token_endpoint":"URL/t"}`, ""},
		{"a slash more", `{"issuer":"URL/","authorization_endpoint":"URL/a","token_endpoint":"URL/t"}`, ""},
		{"no token endpoint", `{"issuer":"URL","authorization_endpoint":"URL/a"}`, ""},
		{
			"token endpoint over http",
			`{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"http://evil.example/t"}`, "",
		},
		{
			"authorization endpoint of javascript",
			`{"issuer":"URL","authorization_endpoint":"javascript:x","token_endpoint":"URL/t"}`, "",
		},
		{"revocation endpoint over http", `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t","revocation_endpoint":"http://evil.example/"}`, ""},
		{"device endpoint over http", `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t","device_authorization_endpoint":"http://evil.example/"}`, ""},
		{"only plain PKCE", `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t","code_challenge_methods_supported":["plain"]}`, ""},
		{"too long", `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t"}` +
			strings.Repeat(" ", 1<<20), ""},
	} {
		t.Run(m.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, strings.ReplaceAll(m.body, "URL", "http://"+r.Host))
			})
			got, err := c.Issuer(t.Context(), refresh.Settings{Profile: refresh.ProfileOAuth, Issuer: base, ClientID: "c"})
			if (err == nil) != (m.scope != "") || got.Scope != m.scope {
				t.Errorf("error %v, scope %q, want scope %q", err, got.Scope, m.scope)
			}
		})
	}
}

// jwt returns an unsigned JWT with the payload.
func jwt(t *testing.T, payload any) string {
	t.Helper()
	b, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(b) + ".sig"
}

// atIssuer replaces ISS in the payload by the issuer.
func atIssuer(token, issuer string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return token
	}
	if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
		parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.ReplaceAll(string(payload), "ISS", issuer)))
	}
	return strings.Join(parts, ".")
}

// TestRedeem_IDToken checks that an id_token for another client, or an unreadable one, fails the sign-in.
func TestRedeem_IDToken(t *testing.T) {
	at := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	type m = map[string]any
	for _, c := range []struct {
		name          string
		token         string
		openai, oauth bool // accepted?
	}{
		{"right", jwt(t, m{"iss": "ISS", "aud": "me", "exp": at.Unix() + 60, "sub": "s"}), true, true},
		{"many audiences", jwt(t, m{"iss": "ISS", "aud": []string{"x", "me"}, "sub": "s"}), true, true},
		{"openai's slash", jwt(t, m{"iss": "ISS/", "aud": "me", "sub": "s"}), true, false},
		{"no iss", jwt(t, m{"aud": "me", "sub": "s"}), true, false},
		{"another iss", jwt(t, m{"iss": "https://evil.example", "aud": "me"}), false, false},
		{"another aud", jwt(t, m{"iss": "ISS", "aud": "you"}), false, false},
		{"other audiences", jwt(t, m{"iss": "ISS", "aud": []string{"you", "they"}}), false, false},
		{"no aud", jwt(t, m{"iss": "ISS"}), false, false},
		{"aud of another type", jwt(t, m{"iss": "ISS", "aud": 7}), false, false},
		{"expired", jwt(t, m{"iss": "ISS", "aud": "me", "exp": at.Unix() - 61}), false, false},
		{"not a JWT", "opaque", false, false},
		{"five parts", "a.b.c.d.e", false, false},
		{"an empty part", "e30.e30.", false, false},
		{"an array", "e30." + base64.RawURLEncoding.EncodeToString([]byte(`["me"]`)) + ".sig", false, false},
		{"bad base64", "e30.#.sig", false, false},
		{"none", "", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			profiles(t, func(t *testing.T, profile string) {
				base := serve(t, func(w http.ResponseWriter, r *http.Request) {
					idToken := atIssuer(c.token, "http://"+r.Host)
					_ = json.NewEncoder(w).Encode(m{"access_token": "a", "token_type": "Bearer", "id_token": idToken})
				})
				iss := helper.Issuer{Profile: profile, URL: base, ClientID: "me", TokenEndpoint: base + "/token"}
				client := &refresh.Client{Now: func() time.Time { return at }}
				got, err := client.Redeem(t.Context(), iss, helper.NewSecret("c"), helper.NewSecret("v"), "http://127.0.0.1:1/")
				accepted := c.oauth && profile == refresh.ProfileOAuth || c.openai && profile == refresh.ProfileOpenAI
				if (err == nil) != accepted || !accepted && !errors.Is(err, helper.ErrRejected) {
					t.Errorf("error %v, want acceptance %t, else ErrRejected", err, accepted)
				}
				if got.AccessToken.IsZero() == accepted {
					t.Error("a credential came with an error, or none without")
				}
			})
		})
	}
}

// TestRequests compares the requests with those of Codex, and with RFC 6749 and RFC 7009.
func TestRequests(t *testing.T) {
	type seen struct{ ContentType, Accept, UserAgent, Proto, Body string }
	var got seen
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = seen{r.Header.Get("Content-Type"), r.Header.Get("Accept"), r.UserAgent(), r.Proto, string(b)}
		for _, name := range []string{"Authorization", "Cookie", "Idempotency-Key", "Accept-Encoding", "Expect"} {
			if r.Header.Get(name) != "" {
				t.Errorf("the request has the header %s", name)
			}
		}
		w.WriteHeader(http.StatusOK)
	})
	c := &refresh.Client{UserAgent: "codex-cred/1", Now: time.Now} //nolint:forbidigo // nothing here depends on the time
	const form, object = "application/x-www-form-urlencoded", "application/json"
	iss := helper.Issuer{URL: base, ClientID: "me", TokenEndpoint: base, RevocationEndpoint: base}
	revoke := func(profile, hint string) func() {
		return func() {
			iss.Profile = profile
			if err := c.Revoke(t.Context(), iss, helper.NewSecret("t&t"), hint); err != nil {
				t.Error(err)
			}
		}
	}
	for _, r := range []struct {
		name string
		send func()
		want seen
	}{
		{"code", func() {
			_, _ = c.Redeem(t.Context(), iss, helper.NewSecret("c c"), helper.NewSecret("v"),
				"http://127.0.0.1:1455/auth/callback")
		}, seen{ContentType: form, Body: "grant_type=authorization_code&client_id=me&code=c+c&redirect_uri=http%3A%2F%2F127.0.0.1%3A1455%2Fauth%2Fcallback&code_verifier=v"}},
		{
			"revoke at OpenAI", revoke("openai", "refresh_token"),
			seen{ContentType: object, Body: `{"client_id":"me","token":"t\u0026t","token_type_hint":"refresh_token"}`},
		},
		{
			"revoke an access token at OpenAI", revoke("openai", "access_token"),
			seen{ContentType: object, Body: `{"token":"t\u0026t","token_type_hint":"access_token"}`},
		},
		{
			"revoke", revoke("oauth", "refresh_token"),
			seen{ContentType: form, Body: "token=t%26t&token_type_hint=refresh_token&client_id=me"},
		},
	} {
		r.send()
		r.want.Accept, r.want.UserAgent, r.want.Proto = "application/json", "codex-cred/1", "HTTP/1.1"
		if diff := cmp.Diff(r.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.name, diff)
		}
	}
}

func TestRevoke(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		env := newEnvironment(t, profile)
		c := env.read(t).Credential
		env.fail(t, authserver.Fault{Kind: authserver.Status503, Grant: authserver.GrantRevoke, RetryAfter: 9})
		err := env.client.Revoke(t.Context(), c.Issuer, c.RefreshToken, "refresh_token")
		env.wantNoSecrets(t, err)
		if refusal := (*refresh.EndpointError)(nil); !errors.As(err, &refusal) || refusal.Status != 503 ||
			!errors.Is(err, helper.ErrTemporary) {
			t.Errorf("error %v, want an EndpointError of 503 and ErrTemporary", err)
		}
		for range 2 {
			if err := env.client.Revoke(t.Context(), c.Issuer, c.RefreshToken, "refresh_token"); err != nil {
				t.Error(err)
			}
		}
		env.clock.advance(life)
		if _, err := env.refresh(t); !errors.Is(err, helper.ErrSignInRequired) {
			t.Errorf("refresh with a revoked token: error %v, want ErrSignInRequired", err)
		}
		c.Issuer.RevocationEndpoint = ""
		if err := env.client.Revoke(t.Context(), c.Issuer, c.RefreshToken, "refresh_token"); !errors.Is(err,
			refresh.ErrNoRevocation) {
			t.Errorf("error %v, want ErrNoRevocation", err)
		}
	})
}

// TestErrorsHoldNoSecret checks that errors contain no secret that the server repeats, wherever it does.
func TestErrorsHoldNoSecret(t *testing.T) {
	for _, secret := range []string{"rt_0123456789abcdefghijklmnop", "rt.9f8e7d6c5b4a", "asecretofsmallletters"} {
		errorsHoldNot(t, secret)
	}
}

func errorsHoldNot(t *testing.T, secret string) {
	t.Helper()
	for _, echo := range []func(w http.ResponseWriter, body string){
		func(w http.ResponseWriter, body string) { http.Error(w, body, http.StatusBadRequest) },
		func(w http.ResponseWriter, body string) {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_" + body, "error_description": "the token " +
				body + "\x1b[2J"})
		},
		func(w http.ResponseWriter, body string) {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": body, "message": body}})
		},
		func(w http.ResponseWriter, _ string) {
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": secret, "error_description": "token " + secret + " is odd"})
		},
		func(w http.ResponseWriter, body string) { _, _ = io.WriteString(w, body) },
		func(w http.ResponseWriter, body string) { rawAnswer(w, "HTTP/1.1 "+body+"\r\n\r\n") },
		func(w http.ResponseWriter, body string) { rawAnswer(w, body) },
	} {
		base := serve(t, func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			echo(w, string(b))
		})
		c := &refresh.Client{Now: time.Now} //nolint:forbidigo // nothing here depends on the time
		iss := helper.Issuer{Profile: refresh.ProfileOAuth, URL: base, ClientID: "me", TokenEndpoint: base}
		_, err := c.Redeem(t.Context(), iss, helper.NewSecret(secret), helper.NewSecret(secret), "http://127.0.0.1:1/")
		if err == nil || strings.Contains(err.Error(), secret[3:15]) || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("error %v", err)
		}
		if err != nil && !strings.Contains(err.Error(), strings.TrimPrefix(base, "http://")) {
			t.Errorf("error %v, want the host in it", err)
		}
	}
}

func rawAnswer(w http.ResponseWriter, text string) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(c, text)
	_ = c.Close()
}
