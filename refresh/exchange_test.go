package refresh_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestObserve checks that Observe gets every kind of request, with its bodies and the values of its context, and a
// request without an answer.
func TestObserve(t *testing.T) {
	type key struct{}
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) {
			env := newEnvironment(t, profile)
			var told []string
			secret := ""
			env.client.Observe = func(ctx context.Context, x refresh.Exchange) {
				told = append(told,
					fmt.Sprint(x.Request, " ", x.Method, " ", x.Generation, " ", x.Status, " ", x.Sent, " ", ctx.Value(key{})))
				if !slices.Contains(refresh.Requests(), x.Request) || x.Start.IsZero() ||
					!strings.HasPrefix(x.Endpoint, env.server.URL()) {
					t.Errorf("an exchange tells of itself: %v", x)
				}
				if secret != "" && !strings.Contains(x.Body.Reveal(), secret) {
					t.Errorf("the body of %s is not what was sent", x.Request)
				}
			}
			ctx := context.WithValue(t.Context(), key{}, "value")
			iss, err := env.client.Issuer(ctx, env.settings(profile))
			if err != nil {
				t.Fatal(err)
			}
			d, err := env.client.StartDevice(ctx, iss)
			if err != nil {
				t.Fatal(err)
			}
			if err := env.server.ApproveDevice(d.UserCode); err != nil {
				t.Fatal(err)
			}
			env.clock.advance(d.Interval)
			c, err := env.client.PollDevice(ctx, iss, d)
			if err != nil {
				t.Fatal(err)
			}
			secret = env.read(t).Credential.RefreshToken.Reveal()
			env.clock.advance(2 * life)
			if _, err := env.rotation.Refresh(ctx, helper.Demand{Account: "work", Generation: 1}); err != nil {
				t.Fatal(err)
			}
			secret = c.RefreshToken.Reveal()
			env.fail(t, authserver.Fault{Kind: authserver.DropAfter, Grant: authserver.GrantRevoke})
			_ = env.client.Revoke(ctx, iss, c.RefreshToken, "refresh_token")
			want := map[string][]string{
				refresh.ProfileOpenAI: {
					"device POST 0 200 true value", "device-token POST 0 200 true value",
					"code POST 0 200 true value",
				},
				refresh.ProfileOAuth: {
					"metadata GET 0 200 true value", "device POST 0 200 true value",
					"device-token POST 0 200 true value",
				},
			}[profile]
			want = append(want, "refresh POST 1 200 true value", "revoke POST 0 0 true value")
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestExchange_ShowsNoSecret checks that a printed Exchange contains no secret.
func TestExchange_ShowsNoSecret(t *testing.T) {
	x := refresh.Exchange{Body: helper.NewSecret("the-body"), Answer: helper.NewSecret("the-answer")}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, x); strings.Contains(text, "the-") {
			t.Errorf("%s shows it: %s", verb, text)
		}
	}
}

// TestRequest_Endpoint checks that each request is sent to the URL of Endpoint, for both profiles.
func TestRequest_Endpoint(t *testing.T) {
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) {
			env := newEnvironment(t, profile)
			iss, err := env.client.Issuer(t.Context(), env.settings(profile))
			if err != nil {
				t.Fatal(err)
			}
			seen := 0
			env.client.Observe = func(_ context.Context, x refresh.Exchange) {
				seen++
				if want := x.Request.Endpoint(iss); x.Endpoint != want {
					t.Errorf("%s went to %s, want %s", x.Request, x.Endpoint, want)
				}
			}
			_, _ = env.client.Issuer(t.Context(), env.settings(profile))
			_, _ = env.redeem(t, iss)
			env.clock.advance(2 * life)
			_, _ = env.refresh(t)
			_ = env.client.Revoke(t.Context(), iss, helper.NewSecret("token"), "refresh_token")
			d, _ := env.client.StartDevice(t.Context(), iss)
			_, _ = env.client.PollDevice(t.Context(), iss, d)
			if want := map[string]int{refresh.ProfileOpenAI: 5, refresh.ProfileOAuth: 6}[profile]; seen != want {
				t.Errorf("%d requests, want %d", seen, want)
			}
		})
	}
	if got := refresh.RequestMetadata.Endpoint(helper.Issuer{
		Profile: refresh.ProfileOpenAI,
		URL:     "https://auth.example.com",
	}); got != "" {
		t.Errorf("metadata of OpenAI is asked for at %s", got)
	}
}
