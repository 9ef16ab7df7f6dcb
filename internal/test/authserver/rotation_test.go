package authserver_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

func TestSignInAndRotate(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		first := c.signIn()
		second := c.tokens(c.must(c.refresh(first.RefreshToken)))
		if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken {
			t.Error("a rotation did not give new tokens")
		}
		for _, token := range []string{first.AccessToken, second.AccessToken} {
			if !c.s.Accepts(token) {
				t.Error("the server does not accept its own access token")
			}
		}
		want := tokenAnswer{TokenType: "Bearer", ExpiresIn: 3600, Scope: "openid profile email offline_access"}
		second.AccessToken, second.RefreshToken, second.IDToken = "", "", ""
		if second != want {
			t.Errorf("the rest of the answer is %+v, want %+v", second, want)
		}
	})
}

// wantRefused wants the refusal of a refresh token in the profile's form.
func (c *client) wantRefused(a answer, openaiCode string) {
	c.t.Helper()
	status, want := http.StatusUnauthorized, `"code":"`+openaiCode+`"`
	if c.id == authserver.OAuthClientID {
		status, want = http.StatusBadRequest, `"error":"invalid_grant"`
	}
	if a.status != status || !strings.Contains(a.body, want) {
		c.t.Errorf("status %d, body %s; want %d and %s", a.status, a.body, status, want)
	}
}

func TestReuseKillsTheFamily(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		other := c.signIn()
		first := c.signIn()
		second := c.tokens(c.must(c.refresh(first.RefreshToken)))

		c.wantRefused(c.must(c.refresh(first.RefreshToken)), authserver.RefreshTokenReused)
		c.wantRefused(c.must(c.refresh(second.RefreshToken)), authserver.RefreshTokenInvalidated)
		if c.s.Accepts(first.AccessToken) || c.s.Accepts(second.AccessToken) {
			t.Error("an access token of the dead family is accepted")
		}
		if !c.s.Accepts(other.AccessToken) {
			t.Error("another family died too")
		}
		c.tokens(c.must(c.refresh(other.RefreshToken)))
	})
}

func TestOneOfManyRefreshesWins(t *testing.T) {
	const callers = 16
	both(t, func(t *testing.T, c *client) {
		first := c.signIn()
		answers := make([]answer, callers)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i], _ = c.do(c.refresh(first.RefreshToken)) })
		}
		wg.Wait()
		won := 0
		for _, a := range answers {
			if a.status == http.StatusOK {
				won++
			} else {
				c.wantRefused(a, authserver.RefreshTokenReused)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d refreshes with one token succeeded, want 1", won, callers)
		}
		if n := c.s.Count(authserver.GrantRefresh); n != callers {
			t.Errorf("the log has %d refreshes, want %d", n, callers)
		}
	})
}

func TestCodeIsBound(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pairs []string
		want  string
	}{
		{"another client", []string{"client_id", "another"}, "invalid_client"},
		{"another redirect URI", []string{"redirect_uri", "http://localhost:1455/auth/callback"}, "invalid_grant"},
		{"another verifier", []string{"code_verifier", verifier + "x"}, "invalid_grant"},
		{"no verifier", []string{"code_verifier", ""}, "invalid_grant"},
		{"another code", []string{"code", "ac_of-somebody-else"}, "invalid_grant"},
		{"another grant type", []string{"grant_type", "password"}, "unsupported_grant_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			both(t, func(t *testing.T, c *client) {
				a := c.must(c.exchange(c.code(), tt.pairs...))
				if a.status < 400 || !strings.Contains(a.body, `"`+tt.want+`"`) {
					t.Errorf("status %d, body %s; want the error %s", a.status, a.body, tt.want)
				}
			})
		})
	}
}

func TestCodeReplayKillsTheFamily(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		code := c.code()
		tokens := c.tokens(c.must(c.exchange(code)))
		a := c.must(c.exchange(code))
		if a.status != http.StatusBadRequest || !strings.Contains(a.body, `"invalid_grant"`) {
			t.Errorf("the second exchange: status %d, body %s", a.status, a.body)
		}
		if c.s.Accepts(tokens.AccessToken) {
			t.Error("the access token of a replayed code is accepted")
		}
		c.wantRefused(c.must(c.refresh(tokens.RefreshToken)), authserver.RefreshTokenInvalidated)
	})
}

func TestCodeExpires(t *testing.T) {
	clock := newClock()
	c := start(t, authserver.Options{Now: clock.Now})
	code := c.code()
	clock.advance(11 * time.Minute)
	if a := c.must(c.exchange(code)); a.status != http.StatusBadRequest {
		t.Errorf("status %d after 11 minutes, want 400", a.status)
	}
}

func TestAccessTokenEnds(t *testing.T) {
	clock := newClock()
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth, Now: clock.Now, Life: time.Minute})
	accepts := func(step, token string, want bool) {
		t.Helper()
		if got := c.s.Accepts(token); got != want {
			t.Errorf("%s: accepted is %t, want %t", step, got, want)
		}
	}
	accepts("a made-up token", "made-up", false)

	short := c.signIn()
	c.s.SetLife(time.Hour)
	long := c.signIn()
	clock.advance(59 * time.Second)
	accepts("a second before its end", short.AccessToken, true)
	clock.advance(time.Second)
	accepts("at its end", short.AccessToken, false)
	accepts("a longer life", long.AccessToken, true)

	c.s.Expire()
	accepts("after Expire", long.AccessToken, false)
	next := c.tokens(c.must(c.refresh(long.RefreshToken)))
	accepts("refreshed after Expire", next.AccessToken, true)
	if next.ExpiresIn != 3600 || short.ExpiresIn != 60 {
		t.Errorf("expires_in is %d then %d, want 60 then 3600", short.ExpiresIn, next.ExpiresIn)
	}
}

func TestRevoke(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		revoke := c.form
		if c.id == authserver.OpenAIClientID {
			revoke = c.json
		}
		send := func(token, hint string) {
			t.Helper()
			if a := c.must(revoke(c.ep.revoke, "token", token, "token_type_hint", hint, "client_id", c.id)); a.status != http.StatusOK {
				t.Errorf("status %d, body %s", a.status, a.body)
			}
		}
		first := c.signIn()
		send("made-up", "refresh_token")
		send(first.AccessToken, "access_token")
		if c.s.Accepts(first.AccessToken) {
			t.Error("a revoked access token is accepted")
		}
		second := c.tokens(c.must(c.refresh(first.RefreshToken)))
		send(second.RefreshToken, "refresh_token")
		if c.s.Accepts(second.AccessToken) {
			t.Error("the access token of a revoked refresh token is accepted")
		}
		c.wantRefused(c.must(c.refresh(second.RefreshToken)), authserver.RefreshTokenInvalidated)
	})
}

func TestScopeMustNotGrow(t *testing.T) {
	both(t, func(t *testing.T, c *client) {
		tokens := c.signIn()
		a := c.must(c.form(c.ep.token, "grant_type", "refresh_token", "client_id", c.id,
			"refresh_token", tokens.RefreshToken, "scope", "openid admin"))
		if a.status != http.StatusBadRequest || !strings.Contains(a.body, `"invalid_scope"`) {
			t.Errorf("status %d, body %s", a.status, a.body)
		}
		c.tokens(c.must(c.refresh(tokens.RefreshToken)))
	})
}

// TestVerifierLength checks the limits of RFC 7636 section 4.1 for a verifier with a matching
// challenge.
func TestVerifierLength(t *testing.T) {
	for length, want := range map[int]int{
		42: http.StatusBadRequest, 43: http.StatusOK, 128: http.StatusOK, 129: http.StatusBadRequest,
	} {
		both(t, func(t *testing.T, c *client) {
			v := strings.Repeat("v", length)
			sum := sha256.Sum256([]byte(v))
			challenge := base64.RawURLEncoding.EncodeToString(sum[:])
			code := c.location(c.get(c.authorizeQuery("code_challenge", challenge))).Get("code")
			if a := c.must(c.exchange(code, "code_verifier", v)); a.status != want {
				t.Errorf("a verifier of %d bytes: status %d, want %d", length, a.status, want)
			}
		})
	}
}
