package signin_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
	"github.com/codex-cred/codex-cred/refresh/signin"
)

// An environment is an authorization server and a browser that signs in there.
type environment struct {
	server  *authserver.Server
	browser *signin.Browser
	iss     helper.Issuer
}

func newEnvironment(t *testing.T, o authserver.Options) *environment {
	t.Helper()
	o.AnyLoopbackPort = true
	server, err := authserver.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client := &refresh.Client{UserAgent: "codex-cred/test", Now: time.Now} //nolint:forbidigo // the server's clock
	settings := refresh.Settings{Profile: o.Profile, Issuer: server.URL(), RedirectURI: "http://127.0.0.1:0/auth/callback"}
	if o.Profile == refresh.ProfileOAuth {
		settings.ClientID, settings.RedirectURI = authserver.OAuthClientID, ""
	}
	iss, err := client.Issuer(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	return &environment{server: server, iss: iss, browser: &signin.Browser{
		Client: client, Open: authserver.Browse, Random: rand.Reader, Limit: parts.Patience(t),
	}}
}

func (env *environment) signIn(t *testing.T) (helper.Credential, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	t.Cleanup(cancel) // not before: the browser reads its page with it
	return env.browser.SignIn(ctx, env.iss)
}

func profiles(t *testing.T, test func(t *testing.T, profile string)) {
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) { test(t, profile) })
	}
}

func TestSignIn(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		env := newEnvironment(t, authserver.Options{Profile: profile})
		page := make(chan error, 1)
		var address, opened string
		env.browser.Listening = func(u string) { address = u }
		env.browser.Open = func(ctx context.Context, u string) error {
			opened = u
			err := authserver.Browse(ctx, u)
			page <- err
			return err
		}
		c, err := env.signIn(t)
		if err != nil {
			t.Fatal(err)
		}
		if err := <-page; err != nil {
			t.Errorf("the person's page: %v", err)
		}
		user := authserver.DefaultUser()
		want := helper.Identity{
			Subject: user.Subject, AccountID: user.AccountID, UserID: user.UserID, Plan: user.Plan,
			Email: user.Email,
		}
		if profile == refresh.ProfileOAuth {
			want.AccountID, want.UserID, want.Plan = c.Identity.AccountID, c.Identity.UserID, c.Identity.Plan
		}
		if c.Identity != want || c.Generation != 1 || !env.server.Accepts(c.AccessToken.Reveal()) || c.RefreshToken.IsZero() {
			t.Errorf("identity %+v, generation %d", c.Identity, c.Generation)
		}
		sent, _ := url.Parse(address)
		if got := sent.Query().Get("redirect_uri"); c.Issuer.RedirectURI != got || strings.Contains(got, ":0/") {
			t.Errorf("the stored redirect URI is %q, asked for was %q", c.Issuer.RedirectURI, got)
		}
		wantAuthorizeURL(t, profile, env.iss, sent.Query())
		back, _ := url.Parse(c.Issuer.RedirectURI)
		if !strings.HasPrefix(opened, "http://"+back.Host+"/start/") || strings.ContainsAny(opened, "?&#") {
			t.Errorf("the browser is given %s, want an address of %s", opened, back.Host)
		}
		for _, secret := range []string{sent.Query().Get("state"), sent.Query().Get("code_challenge")} {
			if strings.Contains(opened, secret) {
				t.Error("the browser is given the state or the challenge")
			}
		}
	})
}

func wantAuthorizeURL(t *testing.T, profile string, iss helper.Issuer, sent url.Values) {
	t.Helper()
	want := map[string]string{
		"response_type": "code", "client_id": iss.ClientID, "scope": iss.Scope, "code_challenge_method": "S256",
		"redirect_uri": sent.Get("redirect_uri"), "state": sent.Get("state"), "code_challenge": sent.Get("code_challenge"),
	}
	if profile == refresh.ProfileOpenAI {
		want["id_token_add_organizations"], want["codex_cli_simplified_flow"], want["originator"] = "true", "true",
			"codex-cred"
	}
	for name, value := range want {
		if sent.Get(name) != value {
			t.Errorf("%s is %q, want %q", name, sent.Get(name), value)
		}
	}
	if len(sent) != len(want) {
		t.Errorf("the authorization request has %d parameters, want %d: %v", len(sent), len(want), sent)
	}
	if len(sent.Get("state")) != 43 || len(sent.Get("code_challenge")) != 43 {
		t.Errorf("state of %d and challenge of %d characters, want 43", len(sent.Get("state")),
			len(sent.Get("code_challenge")))
	}
}

// TestSignIn_NothingIsUsedTwice checks that each attempt has its own state and verifier.
func TestSignIn_NothingIsUsedTwice(t *testing.T) {
	env := newEnvironment(t, authserver.Options{})
	seen := map[string]bool{}
	env.browser.Listening = func(address string) {
		u, _ := url.Parse(address)
		seen[u.Query().Get("state")], seen[u.Query().Get("code_challenge")] = true, true
	}
	for range 2 {
		if _, err := env.signIn(t); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 4 {
		t.Errorf("%d different states and challenges in two attempts, want 4", len(seen))
	}
}

func TestSignIn_Faults(t *testing.T) {
	code := func(kind string) authserver.Fault {
		return authserver.Fault{Kind: kind, Grant: authserver.GrantCode}
	}
	for _, c := range []struct {
		fault   authserver.Fault
		want    error
		redeems int
	}{
		{authserver.Fault{Kind: authserver.AccessDenied}, helper.ErrSignInRequired, 0},
		{authserver.Fault{Kind: authserver.WrongIss}, helper.ErrRejected, 0},
		{code(authserver.InvalidGrant), helper.ErrSignInRequired, 1},
		{code(authserver.DropBefore), helper.ErrTemporary, 1},
		{code(authserver.DropAfter), helper.ErrTemporary, 1},
		{code(authserver.Redirect), helper.ErrTemporary, 1},
		{code(authserver.Status403), helper.ErrTemporary, 1},
		{code(authserver.Status500), helper.ErrTemporary, 1},
		{code(authserver.HTML200), helper.ErrTemporary, 1},
		{code(authserver.Truncated), helper.ErrTemporary, 1},
		{code(authserver.TruncatedClose), helper.ErrTemporary, 1},
		{code(authserver.Oversized), helper.ErrTemporary, 1},
		{code(authserver.NoAccessToken), helper.ErrTemporary, 1},
		{code(authserver.WrongTokenType), helper.ErrTemporary, 1},
		{code(authserver.NoIDToken), helper.ErrRejected, 1},
	} {
		t.Run(c.fault.Kind, func(t *testing.T) {
			env := newEnvironment(t, authserver.Options{})
			if err := env.server.Fail(c.fault); err != nil {
				t.Fatal(err)
			}
			got, err := env.signIn(t)
			if !errors.Is(err, c.want) || !got.AccessToken.IsZero() {
				t.Errorf("error %v, want %v and no credential", err, c.want)
			}
			if n := env.server.Count(authserver.GrantCode); n != c.redeems {
				t.Errorf("the code was sent %d times, want %d", n, c.redeems)
			}
			for _, secret := range env.server.Secrets() {
				if strings.Contains(fmt.Sprintf("%v %#v", err, err), secret) {
					t.Error("the error holds a secret")
				}
			}
		})
	}
}

// TestSignIn_OAuthFaults checks that the oauth profile requires iss if the server promises it, and does not require an
// id_token.
func TestSignIn_OAuthFaults(t *testing.T) {
	env := newEnvironment(t, authserver.Options{Profile: refresh.ProfileOAuth})
	if err := env.server.Fail(authserver.Fault{Kind: authserver.NoIss}); err != nil {
		t.Fatal(err)
	}
	if _, err := env.signIn(t); !errors.Is(err, helper.ErrRejected) || env.server.Count(authserver.GrantCode) != 0 {
		t.Errorf("without iss: error %v and %d codes sent, want ErrRejected and none", err,
			env.server.Count(authserver.GrantCode))
	}
	if err := env.server.Fail(authserver.Fault{Kind: authserver.NoIDToken, Grant: authserver.GrantCode}); err != nil {
		t.Fatal(err)
	}
	c, err := env.signIn(t)
	if err != nil || c.Identity != (helper.Identity{}) {
		t.Errorf("without id_token: error %v, identity %+v; want an empty one", err, c.Identity)
	}
}

// TestSignIn_WrongStateThenRight checks that a response with another state does not end the wait.
func TestSignIn_WrongStateThenRight(t *testing.T) {
	env := newEnvironment(t, authserver.Options{})
	if err := env.server.Fail(authserver.Fault{Kind: authserver.WrongState}); err != nil {
		t.Fatal(err)
	}
	var authorize string
	env.browser.Listening = func(u string) { authorize = u }
	env.browser.Open = func(ctx context.Context, address string) error {
		if err := authserver.Browse(ctx, address); err == nil {
			t.Error("the page of a wrong state is no error")
		}
		return authserver.Browse(ctx, authorize)
	}
	if _, err := env.signIn(t); err != nil {
		t.Error(err)
	}
}

func TestSignIn_NobodyComes(t *testing.T) {
	env := newEnvironment(t, authserver.Options{})
	opened := make(chan struct{})
	env.browser.Limit = time.Millisecond
	env.browser.Open = func(context.Context, string) error { close(opened); return nil }
	if _, err := env.signIn(t); !errors.Is(err, helper.ErrTemporary) || !strings.Contains(err.Error(), "1ms") {
		t.Errorf("error %v, want ErrTemporary with the limit", err)
	}
	<-opened
}

func TestSignIn_Cancelled(t *testing.T) {
	env := newEnvironment(t, authserver.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	env.browser.Open = nil
	var address string
	env.browser.Listening = func(u string) { address = u; cancel() }
	if _, err := env.browser.SignIn(ctx, env.iss); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want Canceled", err)
	}
	if err := authserver.Browse(t.Context(), address); err == nil {
		t.Error("the listener is still open")
	}
}

func TestSignIn_RedirectURI(t *testing.T) {
	for _, c := range []struct {
		redirect string
		want     error
	}{
		{"http://127.0.0.1:0/auth/callback", nil},
		{"http://localhost:0/auth/callback", nil},
		{"https://127.0.0.1:0/auth/callback", helper.ErrInvalid},
		{"http://192.0.2.1:0/auth/callback", helper.ErrInvalid},
		{"http://example.com:0/auth/callback", helper.ErrInvalid},
		{"http://127.0.0.1/auth/callback", helper.ErrInvalid},
		{"http://127.0.0.1:0", helper.ErrInvalid},
		{"http://me@127.0.0.1:0/auth/callback", helper.ErrInvalid},
		{"http://127.0.0.1:0/auth/callback?a=b", helper.ErrInvalid},
		{"http://127.0.0.1:0/auth/callback#a", helper.ErrInvalid},
		{"http://127.0.0.1:port/auth/callback", helper.ErrInvalid},
	} {
		t.Run(c.redirect, func(t *testing.T) {
			env := newEnvironment(t, authserver.Options{})
			env.iss.RedirectURI = c.redirect
			got, err := env.signIn(t)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if head, tail, _ := strings.Cut(c.redirect, ":0/"); c.want == nil &&
				(!strings.HasPrefix(got.Issuer.RedirectURI, head+":") || !strings.HasSuffix(got.Issuer.RedirectURI, "/"+tail)) {
				t.Errorf("the redirect URI became %q", got.Issuer.RedirectURI)
			}
		})
	}
}
