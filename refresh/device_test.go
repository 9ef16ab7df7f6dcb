package refresh_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

var noon = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func atNoon() *refresh.Client { return &refresh.Client{Now: func() time.Time { return noon }} }

// deviceIssuer is the issuer of a server at base, as the profile finds it.
func deviceIssuer(profile, base string) helper.Issuer {
	iss := helper.Issuer{
		Profile: profile, URL: base, ClientID: "me", Scope: "openid email",
		TokenEndpoint: base + "/token", DeviceEndpoint: base + "/device",
	}
	if profile == refresh.ProfileOpenAI {
		iss.DeviceEndpoint = base + "/api/accounts/deviceauth/usercode"
	}
	return iss
}

const (
	page   = `"verification_uri":"https://issuer.example/device"`
	device = `"device_code":"d","user_code":"ABCD-1234",` + page
)

// What a server says of a device sign-in, and what is made of it: "code | page |
// complete page | interval | life", or ErrRejected.
func TestStartDevice(t *testing.T) {
	const rejected = "rejected"
	const complete = `,"verification_uri_complete":`
	openai, oauth := refresh.ProfileOpenAI, refresh.ProfileOAuth
	code := func(text string) string { return `{"device_code":"d","user_code":"` + text + `",` + page + `}` }
	at := func(text string) string {
		return `{"device_code":"d","user_code":"A","verification_uri":"` + text + `"}`
	}
	for _, c := range []struct{ name, profile, body, want string }{
		{"all of RFC 8628", oauth, `{` + device + complete +
			`"https://issuer.example/device?user_code=ABCD-1234","expires_in":600,"interval":7}`,
			"ABCD-1234 | https://issuer.example/device | https://issuer.example/device?user_code=ABCD-1234 | 7s | 10m0s"},
		{"the least of it", oauth, `{` + device + `}`, "ABCD-1234 | https://issuer.example/device |  | 5s | 15m0s"},
		{"numbers in texts", oauth, `{` + device + `,"expires_in":"60","interval":"2"}`,
			"ABCD-1234 | https://issuer.example/device |  | 2s | 1m0s"},
		{"odd numbers", oauth, `{` + device + `,"expires_in":-1,"interval":0}`,
			"ABCD-1234 | https://issuer.example/device |  | 5s | 15m0s"},
		{"numbers of other types", oauth, `{` + device + `,"expires_in":[1],"interval":null}`,
			"ABCD-1234 | https://issuer.example/device |  | 5s | 15m0s"},
		{"a page on loopback", oauth, at("http://127.0.0.1:1/d"), "A | http://127.0.0.1:1/d |  | 5s | 15m0s"},
		{"the longest user code", oauth, code(strings.Repeat("W", 32)), strings.Repeat("W", 32) +
			" | https://issuer.example/device |  | 5s | 15m0s"},
		{"OpenAI", openai, `{"device_auth_id":"d","user_code":"ABCD-1234","interval":"1"}`,
			"ABCD-1234 | BASE/codex/device |  | 1s | 15m0s"},
		{"OpenAI's other spelling", openai, `{"device_auth_id":"d","usercode":"ABCD-1234","interval":3}`,
			"ABCD-1234 | BASE/codex/device |  | 3s | 15m0s"},
		{"OpenAI without an interval", openai, `{"device_auth_id":"d","user_code":"A"}`,
			"A | BASE/codex/device |  | 5s | 15m0s"},
		{"OpenAI names no page", openai, `{"device_auth_id":"d","user_code":"A","verification_uri":"https://evil.example/"}`,
			"A | BASE/codex/device |  | 5s | 15m0s"},

		{"no JSON", oauth, `<html>`, rejected},
		{"no object", oauth, `["d"]`, rejected},
		{"no device code", oauth, `{"user_code":"A",` + page + `}`, rejected},
		{"a device code of two lines", oauth, `{"device_code":"d\ne","user_code":"A",` + page + `}`, rejected},
		{"OpenAI without an id", openai, `{"device_code":"d","user_code":"A"}`, rejected},
		{"no user code", oauth, `{"device_code":"d",` + page + `}`, rejected},
		{"a blank user code", oauth, code("  "), rejected},
		{"a user code too long", oauth, code(strings.Repeat("W", 33)), rejected},
		{"a user code with an escape", oauth, code(`AB\u001b[2JCD`), rejected},
		{"a user code of two lines", oauth, code(`AB\nCD`), rejected},
		{"a user code from right to left", oauth, code(`\u202eDCBA`), rejected},
		{"a user code with C1 controls", oauth, code(`AB\u009bCD`), rejected},
		{"a user code of look-alikes", oauth, code(`АВСD`), rejected},
		{"OpenAI's user code with an escape", openai, `{"device_auth_id":"d","user_code":"\u001b]0;x\u0007"}`, rejected},
		{"no page", oauth, `{"device_code":"d","user_code":"A"}`, rejected},
		{"a page over http", oauth, at("http://issuer.example/device"), rejected},
		{"a page at a name for loopback", oauth, at("http://localhost/device"), rejected},
		{"a page of javascript", oauth, at("javascript:alert(1)"), rejected},
		{"a page of data", oauth, at("data:text/html,x"), rejected},
		{"a page in a file", oauth, at("file:///etc/passwd"), rejected},
		{"a page with user information", oauth, at("https://issuer.example@evil.example/"), rejected},
		{"a page with an escape", oauth, at(`https://issuer.example/\u001b[2J`), rejected},
		{"a page from right to left", oauth, at(`https://issuer.example/\u202e`), rejected},
		{"a page with a query", oauth, at("https://issuer.example/?a=b"), rejected},
		{"a page too long", oauth, at("https://issuer.example/" + strings.Repeat("x", 1<<10)), rejected},
		{"a complete page over http", oauth, `{` + device + complete + `"http://issuer.example/?user_code=A"}`, rejected},
		{"a complete page in a file", oauth, `{` + device + complete + `"file:///etc/passwd"}`, rejected},
		{"a complete page with an escape", oauth, `{` + device + complete + `"https://issuer.example/?a=\u001b[2J"}`,
			rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, c.body) })
			d, err := atNoon().StartDevice(timeoutContext(t), deviceIssuer(c.profile, base))
			if c.want == rejected {
				if !errors.Is(err, helper.ErrRejected) || !d.Code.IsZero() ||
					strings.ContainsAny(err.Error(), "\x1b\n\u202e\u009b") {
					t.Errorf("error %q, code %+v; want ErrRejected, fit for a terminal", err, d)
				}
				return
			}
			got := fmt.Sprintf("%s | %s | %s | %s | %s", d.UserCode, d.VerificationURL, d.VerificationURLComplete, d.Interval,
				d.Expiry.Sub(noon))
			if want := strings.ReplaceAll(c.want, "BASE", base); err != nil || got != want || d.Code.Reveal() != "d" {
				t.Errorf("error %v, got  %s\nwant %s", err, got, want)
			}
		})
	}
}

// What a server that gives no code means.
func TestStartDevice_Refused(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		for _, c := range []struct {
			status int
			body   string
			want   error
		}{
			{404, `{"error":"not_found"}`, refresh.ErrNoDevice},
			{400, `{"error":"unauthorized_client","error_description":"not \u001b[31mthis\u202e client"}`,
				helper.ErrSignInRequired},
			{403, `<html>`, helper.ErrRejected},
			{302, ``, helper.ErrRejected},
			{408, ``, helper.ErrTemporary},
			{429, `{"error":"slow"}`, helper.ErrTemporary},
			{503, ``, helper.ErrTemporary},
		} {
			base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := atNoon().StartDevice(timeoutContext(t), deviceIssuer(profile, base))
			if !errors.Is(err, c.want) || strings.ContainsAny(err.Error(), "\x1b\n\u202e") {
				t.Errorf("status %d: error %q, want %v", c.status, err, c.want)
			}
			if c.status == http.StatusNotFound {
				wantNoDevice(t, err)
			}
		}
		iss := deviceIssuer(profile, "https://issuer.example")
		iss.DeviceEndpoint = ""
		_, err := atNoon().StartDevice(timeoutContext(t), iss)
		wantNoDevice(t, err)
		iss.DeviceEndpoint = "http://192.0.2.1/usercode"
		_, startErr := atNoon().StartDevice(timeoutContext(t), iss)
		iss.TokenEndpoint = iss.DeviceEndpoint
		_, pollErr := atNoon().PollDevice(timeoutContext(t), iss, refresh.DeviceCode{})
		if !errors.Is(startErr, helper.ErrInvalid) || !errors.Is(pollErr, helper.ErrInvalid) {
			t.Errorf("an endpoint in the clear: errors %v and %v, want ErrInvalid", startErr, pollErr)
		}
	})
}

// A person learns what to do instead.
func wantNoDevice(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, refresh.ErrNoDevice) || !errors.Is(err, helper.ErrSignInRequired) ||
		!strings.Contains(err.Error(), "--no-browser") {
		t.Errorf("error %v, want ErrNoDevice with ErrSignInRequired and the way out", err)
	}
}

// What an answer to a poll means. The code was to be polled every 5 seconds.
func TestPollDevice(t *testing.T) {
	const tooMuch = "1 MiB"
	type want struct {
		err            error // that ends the sign-in; nil: poll on
		interval, wait time.Duration
		trouble        bool
	}
	goOn := want{nil, 5 * time.Second, 5 * time.Second, false}
	double := want{nil, 10 * time.Second, 10 * time.Second, true}
	slower := want{nil, 10 * time.Second, 10 * time.Second, false}
	rejected, refused, temporary := want{err: helper.ErrRejected}, want{err: helper.ErrSignInRequired},
		want{err: helper.ErrTemporary}
	for _, c := range []struct {
		name          string
		status        int // 0: the connection is closed
		retryAfter    string
		body          string
		openai, oauth want
	}{
		{"authorization_pending", 400, "", `{"error":"authorization_pending"}`, goOn, goOn},
		{"authorization_pending with another status", 428, "", `{"error":"authorization_pending"}`, goOn, goOn},
		{"OpenAI's pending", 403, "", `{"error":{"code":"deviceauth_pending"}}`, goOn, refused},
		{"OpenAI's other pending", 404, "", `{}`, goOn, rejected},
		{"pending with Retry-After", 400, "30", `{"error":"authorization_pending"}`,
			want{nil, 5 * time.Second, 30 * time.Second, false}, want{nil, 5 * time.Second, 30 * time.Second, false}},
		{"slow_down", 400, "", `{"error":"slow_down"}`, slower, slower},
		{"access_denied", 400, "", `{"error":"access_denied"}`, refused, refused},
		{"an object of access_denied", 401, "", `{"error":{"code":"access_denied"}}`, refused, refused},
		{"expired_token", 400, "", `{"error":"expired_token"}`, temporary, temporary},
		{"invalid_grant", 400, "", `{"error":"invalid_grant"}`, refused, refused},
		{"an error that nobody knows", 400, "", `{"error":"odd"}`, refused, refused},
		{"400 without an error", 400, "", `<html>`, rejected, rejected},
		{"a redirect", 307, "", ``, rejected, rejected},
		{"no answer", 0, "", ``, double, double},
		{"408", 408, "", ``, double, double},
		{"429", 429, "", ``, double, double},
		{"429 with Retry-After", 429, "60", ``, want{nil, 10 * time.Second, time.Minute, true},
			want{nil, 10 * time.Second, time.Minute, true}},
		{"429 with a short Retry-After", 429, "1", ``, double, double},
		{"500", 500, "", `{"error":"server_error"}`, double, double},
		{"503", 503, "", ``, double, double},
		{"another status with Retry-After", 400, "1", ``, double, double},
		{"HTML with 200", 200, "", `<html>`, rejected, rejected},
		{"half an answer", 200, "", `{"access_token":"a","authorization_code":"c`, rejected, rejected},
		{"more than 1 MiB", 200, "", tooMuch, rejected, rejected},
		{"a code without its verifier", 200, "", `{"authorization_code":"c"}`, rejected, rejected},
		{"a verifier of two lines", 200, "", `{"authorization_code":"c","code_verifier":"a\nb"}`, rejected, rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if c.status == 0 {
					panic(http.ErrAbortHandler)
				}
				if c.retryAfter != "" {
					w.Header().Set("Retry-After", c.retryAfter)
				}
				w.WriteHeader(c.status)
				if c.body == tooMuch {
					c.body = `{"access_token":"a","token_type":"Bearer","authorization_code":"c","code_verifier":"v"}` +
						strings.Repeat(" ", 1<<20)
				}
				_, _ = io.WriteString(w, c.body)
			})
			profiles(t, func(t *testing.T, profile string) {
				want := c.oauth
				if profile == refresh.ProfileOpenAI {
					want = c.openai
				}
				got, err := atNoon().PollDevice(timeoutContext(t), deviceIssuer(profile, base), pollEvery(5*time.Second))
				pending := (*refresh.PendingError)(nil)
				switch {
				case err == nil || !got.AccessToken.IsZero():
					t.Error("a credential came of it")
				case errors.As(err, &pending) != (want.err == nil), !errors.Is(err, want.err) && want.err != nil:
					t.Errorf("error %v, want %v", err, want.err)
				case pending != nil && (pending.Interval != want.interval || pending.Wait != want.wait ||
					errors.Is(err, helper.ErrTemporary) != want.trouble):
					t.Errorf("interval %s, wait %s, error %v; want %+v", pending.Interval, pending.Wait, err, want)
				}
			})
		})
	}
}

func pollEvery(interval time.Duration) refresh.DeviceCode {
	return refresh.DeviceCode{Code: helper.NewSecret("d&d"), UserCode: "ABCD-1234", Interval: interval}
}

// Trouble doubles the interval up to a minute, and never shortens it.
func TestPollDevice_Trouble(t *testing.T) {
	base := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for _, c := range []struct{ interval, want time.Duration }{
		{time.Second, 2 * time.Second},
		{20 * time.Second, 40 * time.Second},
		{40 * time.Second, time.Minute},
		{time.Minute, time.Minute},
		{2 * time.Minute, 2 * time.Minute},
	} {
		_, err := atNoon().PollDevice(timeoutContext(t), deviceIssuer(refresh.ProfileOAuth, base), pollEvery(c.interval))
		if pending := (*refresh.PendingError)(nil); !errors.As(err, &pending) || pending.Interval != c.want {
			t.Errorf("after %s: error %#v, want an interval of %s", c.interval, err, c.want)
		}
	}
}

// A server that repeats the device code does not get it into an error.
func TestPollDevice_ErrorsHoldNoSecret(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		base := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_short-code","error_description":"the code short-code is odd"}`)
		})
		d := pollEvery(time.Second)
		d.Code = helper.NewSecret("short-code")
		_, err := atNoon().PollDevice(timeoutContext(t), deviceIssuer(profile, base), d)
		if !errors.Is(err, helper.ErrSignInRequired) || strings.Contains(err.Error(), "short-code") {
			t.Errorf("error %v", err)
		}
	})
}

// The requests: RFC 8628 sections 3.1 and 3.4, and what Codex sends.
func TestDeviceRequests(t *testing.T) {
	type seen struct{ Path, ContentType, Body string }
	var got []seen
	base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = append(got, seen{r.URL.Path, r.Header.Get("Content-Type"), string(b)})
		_, _ = io.WriteString(w, `{"authorization_code":"c","code_verifier":"v"}`)
	})
	const form, object = "application/x-www-form-urlencoded", "application/json"
	for profile, want := range map[string][]seen{
		refresh.ProfileOAuth: {
			{"/device", form, "client_id=me&scope=openid+email"},
			{"/token", form, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d%26d&client_id=me"},
		},
		refresh.ProfileOpenAI: {
			{"/api/accounts/deviceauth/usercode", object, `{"client_id":"me"}`},
			{"/api/accounts/deviceauth/token", object, `{"device_auth_id":"d\u0026d","user_code":"ABCD-1234"}`},
			{"/token", form,
				"grant_type=authorization_code&client_id=me&code=c&redirect_uri=BASE%2Fdeviceauth%2Fcallback&code_verifier=v"},
		},
	} {
		got = nil
		iss := deviceIssuer(profile, base)
		_, _ = atNoon().StartDevice(timeoutContext(t), iss)
		_, _ = atNoon().PollDevice(timeoutContext(t), iss, pollEvery(time.Second))
		for i := range got {
			got[i].Body = strings.ReplaceAll(got[i].Body, strings.NewReplacer(":", "%3A", "/", "%2F").Replace(base), "BASE")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", profile, diff)
		}
	}
}

// Tokens that are on their way are not lost by a caller that gives up.
func TestPollDevice_CallerGivesUp(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		want       error
	}{
		{"tokens", `{"access_token":"a","token_type":"Bearer","refresh_token":"r"}`, 200, nil},
		{"no answer", ``, 0, context.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(timeoutContext(t))
			base := serve(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				cancel()
				if c.status == 0 {
					panic(http.ErrAbortHandler)
				}
				_, _ = io.WriteString(w, c.body)
			})
			got, err := atNoon().PollDevice(ctx, deviceIssuer(refresh.ProfileOAuth, base), pollEvery(time.Second))
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || got.RefreshToken.IsZero() != (c.want != nil) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			if pending := (*refresh.PendingError)(nil); errors.As(err, &pending) {
				t.Error("a caller that is gone should poll on")
			}
		})
	}
}
