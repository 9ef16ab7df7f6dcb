package refresh_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestIssuer_HostileEndpoints checks that no endpoint in a metadata document may be a URL that secrets, or a browser,
// must not be sent to.
func TestIssuer_HostileEndpoints(t *testing.T) {
	for _, name := range []string{
		"authorization_endpoint", "token_endpoint", "revocation_endpoint",
		"device_authorization_endpoint",
	} {
		for _, hostile := range []string{
			"http://evil.example/x", "http://localhost/x", "http://127.0.0.1.evil.example/x", "file:///etc/passwd",
			"javascript:alert(1)", "data:text/html,x", "//evil.example/x", "/x", "https://me:secret@evil.example/x",
			"https://evil.example/x?to=y", "https://evil.example/x#y", "https://evil.example/\u202ex",
			"https://evil.example/\x1b[2J",
		} {
			t.Run(name+" "+hostile, func(t *testing.T) {
				base := serve(t, func(w http.ResponseWriter, r *http.Request) {
					at := "http://" + r.Host
					members := map[string]string{
						"issuer": at, "authorization_endpoint": at + "/a", "token_endpoint": at + "/t",
						"revocation_endpoint": at + "/r", "device_authorization_endpoint": at + "/d",
					}
					members[name] = hostile
					_ = json.NewEncoder(w).Encode(members)
				})
				_, err := atNoon().Issuer(timeoutContext(t),
					refresh.Settings{Profile: refresh.ProfileOAuth, Issuer: base, ClientID: "c"})
				if !errors.Is(err, helper.ErrRejected) || !strings.Contains(err.Error(), name) ||
					strings.ContainsAny(err.Error(), "\x1b\n\u202e") || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %q, want ErrRejected that names %s and is fit for a terminal", err, name)
				}
			})
		}
	}
}

// calls returns all requests that a client makes.
func calls() map[string]func(context.Context, *refresh.Client, helper.Issuer) error {
	secret := helper.NewSecret("a-secret-of-this-call")
	return map[string]func(context.Context, *refresh.Client, helper.Issuer) error{
		"metadata": func(ctx context.Context, c *refresh.Client, iss helper.Issuer) error {
			_, err := c.Issuer(ctx, refresh.Settings{Profile: refresh.ProfileOAuth, Issuer: iss.URL, ClientID: "c"})
			return err
		},
		"code": func(ctx context.Context, c *refresh.Client, iss helper.Issuer) error {
			_, err := c.Redeem(ctx, iss, secret, secret, "http://127.0.0.1:1/")
			return err
		},
		"device code": func(ctx context.Context, c *refresh.Client, iss helper.Issuer) error {
			_, err := c.StartDevice(ctx, iss)
			return err
		},
		"poll": func(ctx context.Context, c *refresh.Client, iss helper.Issuer) error {
			_, err := c.PollDevice(ctx, iss, refresh.DeviceCode{Code: secret, Interval: time.Second})
			return err
		},
		"revocation": func(ctx context.Context, c *refresh.Client, iss helper.Issuer) error {
			return c.Revoke(ctx, iss, secret, "refresh_token")
		},
	}
}

// TestRedirectsAreNotFollowed checks that redirects are not followed.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var visits atomic.Int32
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		visits.Add(1)
		_, _ = io.WriteString(w, `{}`)
	})
	for name, call := range calls() {
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, location := range []string{elsewhere + "/x", "file:///etc/passwd", "javascript:alert(1)", "/x"} {
				t.Run(fmt.Sprint(name, " ", status, " ", location), func(t *testing.T) {
					base := serve(t, func(w http.ResponseWriter, r *http.Request) {
						if r.URL.Path == "/x" {
							visits.Add(1)
						}
						w.Header().Set("Location", location)
						w.WriteHeader(status)
					})
					iss := deviceIssuer(refresh.ProfileOAuth, base)
					iss.RevocationEndpoint = base + "/revoke"
					err := call(timeoutContext(t), atNoon(), iss)
					if err == nil || !strings.Contains(err.Error(), fmt.Sprint("answered ", status)) || visits.Load() != 0 {
						t.Errorf("error %v after %d visits elsewhere, want the status and none", err, visits.Load())
					}
				})
			}
		}
	}
}

// TestEndlessBodies checks that an endless body is rejected after its first MiB.
func TestEndlessBodies(t *testing.T) {
	for name, call := range calls() {
		t.Run(name, func(t *testing.T) {
			gaveUp := make(chan struct{}, 2)
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if name == "revocation" {
					w.WriteHeader(http.StatusInternalServerError)
				}
				piece := []byte(strings.Repeat(" ", 1<<16))
				for {
					if _, err := w.Write(piece); err != nil {
						gaveUp <- struct{}{}
						return
					}
				}
			})
			iss := deviceIssuer(refresh.ProfileOAuth, base)
			iss.RevocationEndpoint = base + "/revoke"
			if err := call(timeoutContext(t), atNoon(), iss); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
				t.Errorf("error %v, want that the answer is too large", err)
			}
			select {
			case <-gaveUp:
			case <-timeoutContext(t).Done():
				t.Error("the connection stays open")
			}
		})
	}
}
