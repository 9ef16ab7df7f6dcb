package refresh_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestReach checks that every HTTP answer counts and that the request contains no credentials.
func TestReach(t *testing.T) {
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		for _, fault := range []string{"", authserver.Status403, authserver.Status500, authserver.Redirect} {
			env := newEnvironment(t, profile)
			if fault != "" {
				env.fail(t, authserver.Fault{Kind: fault, Grant: authserver.GrantUnknown})
			}
			env.clock.advance(time.Hour)
			got, err := env.client.Reach(timeoutContext(t), env.read(t).Credential.Issuer)
			if err != nil || !got.Date.Equal(env.clock.Now().Truncate(time.Second)) || got.Proxy != "" ||
				!strings.HasPrefix(got.Host, "127.0.0.1:") {
				t.Errorf("%s, %q: %+v, %v", profile, fault, got, err)
			}
			log := env.server.Log()
			last := log[len(log)-1]
			if last.Method != http.MethodHead || last.Path != "/" || last.Grant != authserver.GrantUnknown ||
				last.Presented != "" || last.UserAgent != "codex-cred/test" {
				t.Errorf("%s, %q: the request was %+v", profile, fault, last)
			}
		}
	}
}

// TestReach_Fails checks the errors that have different fixes.
func TestReach_Fails(t *testing.T) {
	stranger := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(stranger.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	through := func(address string) func(*http.Request) (*url.URL, error) {
		return func(*http.Request) (*url.URL, error) { return url.Parse(address) }
	}
	for _, c := range []struct {
		what, issuer string
		proxy        func(*http.Request) (*url.URL, error)
		want, not    error
		through      string
	}{
		{"nobody listens", gone.URL, nil, helper.ErrTemporary, refresh.ErrUntrusted, ""},
		{"nobody vouches", stranger.URL, nil, refresh.ErrUntrusted, helper.ErrInvalid, ""},
		{
			"the proxy is gone", stranger.URL, through(strings.Replace(gone.URL, "//", "//me:secret@", 1)), helper.ErrTemporary,
			refresh.ErrUntrusted, gone.URL,
		},
		{"no endpoint", "http://issuer.example", nil, helper.ErrInvalid, helper.ErrTemporary, ""},
	} {
		client := &refresh.Client{UserAgent: "codex-cred/test", Now: (&clock{}).Now, Proxy: c.proxy}
		got, err := client.Reach(timeoutContext(t), helper.Issuer{URL: c.issuer, TokenEndpoint: c.issuer + "/oauth/token"})
		if !errors.Is(err, c.want) || errors.Is(err, c.not) || got.Proxy != c.through || !got.Date.IsZero() {
			t.Errorf("%s: %+v, %v", c.what, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
