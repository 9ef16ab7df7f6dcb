package refresh_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestPollDevice checks the result of each answer to a poll. The interval is 5 seconds.
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
		{
			"pending with Retry-After", 400, "30", `{"error":"authorization_pending"}`,
			want{nil, 5 * time.Second, 30 * time.Second, false},
			want{nil, 5 * time.Second, 30 * time.Second, false},
		},
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
		{
			"429 with Retry-After", 429, "60", ``,
			want{nil, 10 * time.Second, time.Minute, true},
			want{nil, 10 * time.Second, time.Minute, true},
		},
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

// TestPollDevice_Trouble checks that a failed poll doubles the interval up to a minute, and never shortens it.
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

// TestPollDevice_ErrorsHoldNoSecret checks that errors do not contain the device code.
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

// TestPollDevice_CallerGivesUp checks that a credential is returned even if ctx is done before the answer arrives.
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
