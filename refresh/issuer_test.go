package refresh_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// metadataServer is an https issuer, and a plain http server that counts its requests.
type metadataServer struct {
	client  *refresh.Client
	issuer  string
	plain   string
	arrived atomic.Int32
}

func newMetadataServer(t *testing.T, metadata string) *metadataServer {
	t.Helper()
	o := &metadataServer{}
	o.plain = serve(t, func(http.ResponseWriter, *http.Request) { o.arrived.Add(1) })
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.NewReplacer("PLAIN", o.plain, "URL", o.issuer).Replace(metadata))
	}))
	t.Cleanup(s.Close)
	o.issuer = s.URL
	o.client = &refresh.Client{
		UserAgent: "codex-cred/test", Now: time.Now, //nolint:forbidigo // nothing here depends on the time
		RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs,
	}
	return o
}

// TestIssuer_HTTPEndpoints checks that the metadata of an https issuer cannot have secrets sent to a port of this
// computer.
func TestIssuer_HTTPEndpoints(t *testing.T) {
	const right = `{"issuer":"URL","authorization_endpoint":"URL/a","token_endpoint":"URL/t",
		"revocation_endpoint":"URL/r","device_authorization_endpoint":"URL/d"}`
	for _, c := range []struct{ name, from, to string }{
		{"all https", "", ""},
		{"the authorization endpoint", "URL/a", "PLAIN/a"},
		{"the token endpoint", "URL/t", "PLAIN/t"},
		{"the revocation endpoint", "URL/r", "PLAIN/r"},
		{"the device endpoint", "URL/d", "PLAIN/d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newMetadataServer(t, strings.Replace(right, c.from, c.to, 1))
			_, err := o.client.Issuer(t.Context(),
				refresh.Settings{Profile: refresh.ProfileOAuth, Issuer: o.issuer, ClientID: "c"})
			if c.to == "" && err != nil || c.to != "" &&
				(!errors.Is(err, helper.ErrRejected) || !strings.Contains(err.Error(), "only if the issuer is at http")) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestCheckEndpoint_AtUse checks the same for a stored credential.
func TestCheckEndpoint_AtUse(t *testing.T) {
	o := newMetadataServer(t, "{}")
	secret := helper.NewSecret("s")
	for _, c := range []struct {
		name string
		use  func(ctx context.Context, iss helper.Issuer) error
	}{
		{"code", func(ctx context.Context, iss helper.Issuer) error {
			_, err := o.client.Redeem(ctx, iss, secret, secret, "http://127.0.0.1:1/")
			return err
		}},
		{"revocation", func(ctx context.Context, iss helper.Issuer) error {
			return o.client.Revoke(ctx, iss, secret, "refresh_token")
		}},
		{"device", func(ctx context.Context, iss helper.Issuer) error {
			_, err := o.client.StartDevice(ctx, iss)
			return err
		}},
		{"device token", func(ctx context.Context, iss helper.Issuer) error {
			_, err := o.client.PollDevice(ctx, iss, refresh.DeviceCode{Code: secret, Interval: time.Second})
			return err
		}},
		{"reach", func(ctx context.Context, iss helper.Issuer) error {
			_, err := o.client.Reach(ctx, iss)
			return err
		}},
	} {
		for issuer, refused := range map[string]bool{
			"https://127.0.0.1": true, "https://issuer.example": true, "http://issuer.example": true, "http://localhost": true,
			"":      true,
			o.plain: false, "http://127.0.0.1:1": false, "http://[::1]:1": false,
		} {
			before := o.arrived.Load()
			err := c.use(t.Context(), helper.Issuer{
				Profile: refresh.ProfileOAuth, URL: issuer, ClientID: "c", TokenEndpoint: o.plain, RevocationEndpoint: o.plain,
				DeviceEndpoint: o.plain,
			})
			if errors.Is(err, helper.ErrInvalid) != refused || (o.arrived.Load() > before) == refused {
				t.Errorf("%s of issuer %q: %v, and %d requests; want it refused: %v", c.name, issuer, err, o.arrived.Load()-before,
					refused)
			}
		}
	}
}

// TestIssuerNames checks that an error contains the requested and the received issuer.
func TestIssuerNames(t *testing.T) {
	const slash = "differs by the slash at its end"
	for _, c := range []struct {
		name      string
		asked     string // what is put after the server's address
		named     string
		want      string
		onlySlash bool
	}{
		{"the same", "", "URL", "", false},
		{"a slash more", "", "URL/", slash, true},
		{"a slash less", "/", "URL", slash, true},
		{"another", "", "https://evil.example", `names the issuer "https://evil.example", and "URL" was asked for`, false},
		{"none", "", "", `names the issuer "", and "URL" was asked for`, false},
		{"another path", "", "URL/tenant", `names the issuer "URL/tenant"`, false},
		{"a hostile one", "", `https://evil.example/\u001b[2J`, `names the issuer "https://evil.example/[2J"`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				named := strings.ReplaceAll(c.named, "URL", "http://"+r.Host)
				_, _ = io.WriteString(w, strings.NewReplacer("NAMED", named, "URL", "http://"+r.Host).Replace(
					`{"issuer":"NAMED","authorization_endpoint":"URL/a","token_endpoint":"URL/t"}`))
			})
			client := &refresh.Client{Now: time.Now} //nolint:forbidigo // nothing here depends on the time
			_, err := client.Issuer(t.Context(),
				refresh.Settings{Profile: refresh.ProfileOAuth, Issuer: base + c.asked, ClientID: "c"})
			wantName(t, err, strings.ReplaceAll(c.want, "URL", base), c.onlySlash)
		})
	}
}

func wantName(t *testing.T, err error, want string, onlySlash bool) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Error(err)
		}
		return
	}
	other := (*refresh.IssuerNameError)(nil)
	if !errors.As(err, &other) || !errors.Is(err, helper.ErrRejected) || other.OnlySlash() != onlySlash ||
		strings.Count(err.Error(), want) != 1 {
		t.Errorf("error %v, want %q in it once", err, want)
	}
}

// TestRedeem_Names checks that the error of an id_token of another issuer or client names it.
func TestRedeem_Names(t *testing.T) {
	for _, c := range []struct {
		name, want string
		claims     map[string]any
	}{
		{"a slash", "differs by the slash at its end", map[string]any{"iss": "ISS/", "aud": "me"}},
		{
			"another issuer", `its id_token is rejected: it names the issuer "https://evil.example"`,
			map[string]any{"iss": "https://evil.example", "aud": "me"},
		},
		{"another client", `its aud is "you", and this client is "me"`, map[string]any{"iss": "ISS", "aud": "you"}},
		{
			"other clients", `its aud is "you they", and this client is "me"`,
			map[string]any{"iss": "ISS", "aud": []string{"you", "they"}},
		},
		{"no client", `its aud is "", and this client is "me"`, map[string]any{"iss": "ISS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_ = json.NewEncoder(w).Encode(map[string]any{
					"access_token": "a", "token_type": "Bearer",
					"id_token": atIssuer(jwt(t, c.claims), "http://"+r.Host),
				})
			})
			iss := helper.Issuer{Profile: refresh.ProfileOAuth, URL: base, ClientID: "me", TokenEndpoint: base + "/token"}
			client := &refresh.Client{Now: time.Now} //nolint:forbidigo // nothing here depends on the time
			_, err := client.Redeem(t.Context(), iss, helper.NewSecret("c"), helper.NewSecret("v"), "http://127.0.0.1:1/")
			if !errors.Is(err, helper.ErrRejected) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}
