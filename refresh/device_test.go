package refresh_test

import (
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

// deviceIssuer returns the issuer of a server at base.
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

// TestStartDevice checks the DeviceCode of a server's answer, as "code | page | complete page | interval | lifetime",
// or ErrRejected.
func TestStartDevice(t *testing.T) {
	const rejected = "rejected"
	const complete = `,"verification_uri_complete":`
	openai, oauth := refresh.ProfileOpenAI, refresh.ProfileOAuth
	code := func(text string) string { return `{"device_code":"d","user_code":"` + text + `",` + page + `}` }
	at := func(text string) string {
		return `{"device_code":"d","user_code":"A","verification_uri":"` + text + `"}`
	}
	for _, c := range []struct{ name, profile, body, want string }{
		{
			"all of RFC 8628", oauth, `{` + device + complete +
				`"https://issuer.example/device?user_code=ABCD-1234","expires_in":600,"interval":7}`,
			"ABCD-1234 | https://issuer.example/device | https://issuer.example/device?user_code=ABCD-1234 | 7s | 10m0s",
		},
		{"the least of it", oauth, `{` + device + `}`, "ABCD-1234 | https://issuer.example/device |  | 5s | 15m0s"},
		{
			"numbers in texts", oauth, `{` + device + `,"expires_in":"60","interval":"2"}`,
			"ABCD-1234 | https://issuer.example/device |  | 2s | 1m0s",
		},
		{
			"odd numbers", oauth, `{` + device + `,"expires_in":-1,"interval":0}`,
			"ABCD-1234 | https://issuer.example/device |  | 5s | 15m0s",
		},
		{
			"numbers of other types", oauth, `{` + device + `,"expires_in":[1],"interval":null}`,
			"ABCD-1234 | https://issuer.example/device |  | 5s | 15m0s",
		},
		{"a page on loopback", oauth, at("http://127.0.0.1:1/d"), "A | http://127.0.0.1:1/d |  | 5s | 15m0s"},
		{"the longest user code", oauth, code(strings.Repeat("W", 32)), strings.Repeat("W", 32) +
			" | https://issuer.example/device |  | 5s | 15m0s"},
		{
			"OpenAI", openai, `{"device_auth_id":"d","user_code":"ABCD-1234","interval":"1"}`,
			"ABCD-1234 | BASE/codex/device |  | 1s | 15m0s",
		},
		{
			"OpenAI's other spelling", openai, `{"device_auth_id":"d","usercode":"ABCD-1234","interval":3}`,
			"ABCD-1234 | BASE/codex/device |  | 3s | 15m0s",
		},
		{
			"OpenAI without an interval", openai, `{"device_auth_id":"d","user_code":"A"}`,
			"A | BASE/codex/device |  | 5s | 15m0s",
		},
		{
			"OpenAI names no page", openai, `{"device_auth_id":"d","user_code":"A","verification_uri":"https://evil.example/"}`,
			"A | BASE/codex/device |  | 5s | 15m0s",
		},

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
		{
			"a complete page with an escape", oauth, `{` + device + complete + `"https://issuer.example/?a=\u001b[2J"}`,
			rejected,
		},
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

// TestStartDevice_Refused checks the errors of a server that gives no code.
func TestStartDevice_Refused(t *testing.T) {
	profiles(t, func(t *testing.T, profile string) {
		for _, c := range []struct {
			status int
			body   string
			want   error
		}{
			{404, `{"error":"not_found"}`, refresh.ErrNoDevice},
			{
				400, `{"error":"unauthorized_client","error_description":"not \u001b[31mthis\u202e client"}`,
				helper.ErrSignInRequired,
			},
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

// wantNoDevice checks that the error names another way to sign in.
func wantNoDevice(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, refresh.ErrNoDevice) || !errors.Is(err, helper.ErrSignInRequired) ||
		!strings.Contains(err.Error(), "--no-browser") {
		t.Errorf("error %v, want ErrNoDevice with ErrSignInRequired and the way out", err)
	}
}

// TestDeviceRequests compares the requests with RFC 8628 sections 3.1 and 3.4, and with those of Codex.
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
			{
				"/token", form,
				"grant_type=authorization_code&client_id=me&code=c&redirect_uri=BASE%2Fdeviceauth%2Fcallback&code_verifier=v",
			},
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
