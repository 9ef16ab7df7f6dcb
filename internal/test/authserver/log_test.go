package authserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func TestLog(t *testing.T) {
	clock := newClock()
	c := start(t, authserver.Options{Now: clock.Now})
	code := c.code()
	first := c.tokens(c.must(c.exchange(code)))
	req := c.json(c.ep.token, "grant_type", "refresh_token", "client_id", c.id, "refresh_token", first.RefreshToken)
	req.Header.Set("User-Agent", "a-client/1")
	second := c.tokens(c.must(req))
	c.must(c.refresh(first.RefreshToken))
	c.get("/nowhere")

	const form = "application/x-www-form-urlencoded"
	agent, post, digest := "Go-http-client/1.1", "POST", authserver.Digest
	want := []authserver.Entry{
		{Method: "GET", Path: "/oauth/authorize", Grant: "authorize", Status: 302},
		{
			Method: post, Path: "/oauth/token", ContentType: form, Grant: "authorization_code", Status: 200, Generation: 1,
			Presented: digest(code), IssuedRefresh: digest(first.RefreshToken), IssuedAccess: digest(first.AccessToken),
		},
		{
			Method: post, Path: "/oauth/token", ContentType: "application/json", Grant: "refresh_token", Status: 200, Generation: 2,
			Presented: digest(first.RefreshToken), IssuedRefresh: digest(second.RefreshToken), IssuedAccess: digest(second.AccessToken),
			UserAgent: "a-client/1",
		},
		{
			Method: post, Path: "/oauth/token", ContentType: form, Grant: "refresh_token", Status: 401, Generation: 2,
			Presented: digest(first.RefreshToken),
		},
		{Method: "GET", Path: "/nowhere", Grant: "unknown", Status: 404},
	}
	for i := range want {
		want[i].Time = clock.Now()
		if want[i].UserAgent == "" {
			want[i].UserAgent = agent
		}
	}
	if diff := cmp.Diff(want, c.s.Log()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestDigest(t *testing.T) {
	// The SHA-256 of "abc" in FIPS 180-2 appendix B.1.
	if got := authserver.Digest("abc"); got != "ba7816bf8f01cfea" {
		t.Errorf("the digest of abc is %s", got)
	}
	if got := authserver.Digest(""); got != "" {
		t.Errorf("the digest of nothing is %s", got)
	}
}

// useAll makes the server issue and receive secrets of every kind, and returns them.
func (c *client) useAll() []string {
	c.t.Helper()
	code := c.code()
	tokens := c.tokens(c.must(c.exchange(code)))
	next := c.tokens(c.must(c.refresh(tokens.RefreshToken)))
	foreign := "a-refresh-token-of-somebody-else"
	c.must(c.refresh(foreign))
	f := c.startFlow()
	if err := c.s.ApproveDevice(f.userCode); err != nil {
		c.t.Fatal(err)
	}
	granted := f.poll()
	secrets := []string{
		code, verifier, foreign, f.code, tokens.AccessToken, tokens.RefreshToken, tokens.IDToken,
		next.AccessToken, next.RefreshToken, next.IDToken,
	}
	if c.id == authserver.OpenAIClientID {
		var body map[string]string
		if err := json.Unmarshal([]byte(granted.body), &body); err != nil {
			c.t.Fatal(err)
		}
		signature := tokens.AccessToken[strings.LastIndexByte(tokens.AccessToken, '.')+1:]
		secrets = append(secrets, body["authorization_code"], body["code_verifier"], signature)
	}
	return secrets
}

func TestSecretsAreAllThereAndNotInTheLog(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		c.useAll()
		if err := c.s.Fail(authserver.Fault{Kind: authserver.DropAfter, Grant: authserver.GrantCode}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.do(c.exchange(c.code())); err == nil {
			t.Error("a dropped answer arrived")
		}
		used, all := c.useAll(), c.s.Secrets()
		for i, secret := range used {
			if !slices.Contains(all, secret) {
				t.Errorf("secret %d is not among the server's", i)
			}
		}
		log, err := json.Marshal(c.s.Log())
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range all {
			for i := 0; i+12 <= len(secret); i++ {
				if strings.Contains(string(log), secret[i:i+12]) {
					t.Fatalf("the log holds bytes %d to %d of a secret", i, i+12)
				}
			}
		}
	})
}

func TestWaitAndRelease(t *testing.T) {
	c := start(t, authserver.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	defer cancel()
	token := c.signIn().RefreshToken
	if err := c.s.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh}); err != nil {
		t.Fatal(err)
	}
	arrived := make(chan answer, 1)
	go func() {
		a, _ := c.do(c.refresh(token))
		arrived <- a
	}()
	if err := c.s.Wait(ctx, authserver.GrantRefresh, 1); err != nil {
		t.Fatal(err)
	}
	select {
	case a := <-arrived:
		t.Errorf("the held answer arrived: status %d", a.status)
	default:
	}
	c.wantRefused(c.must(c.refresh(token)), authserver.RefreshTokenReused)
	c.s.Release()
	c.tokens(<-arrived)
}

func TestWaitEndsWithItsContext(t *testing.T) {
	c := start(t, authserver.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.s.Wait(ctx, authserver.GrantRefresh, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

func TestCloseEndsHeldAnswers(t *testing.T) {
	c := start(t, authserver.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
	defer cancel()
	if err := c.s.Fail(authserver.Fault{Kind: authserver.Delay}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := c.do(c.refresh("any"))
		ended <- err
	}()
	if err := c.s.Wait(ctx, authserver.GrantRefresh, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("a held answer arrived from a closed server")
	}
}
