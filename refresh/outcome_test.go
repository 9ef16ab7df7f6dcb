package refresh

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/codex-cred/codex-cred/helper"
)

// TestJudge checks the table of outcomes.
func TestJudge(t *testing.T) {
	const (
		tokens = `{"access_token":"a","token_type":"Bearer"}`
		both   = `{"access_token":"a","token_type":"Bearer","refresh_token":"r"}`
	)
	sent := func(status int, body string) answer { return answer{sent: true, status: status, body: []byte(body)} }
	for _, c := range []struct {
		name string
		a    answer
		want outcome
	}{
		{"no connection", answer{err: io.EOF}, notSent},
		{"no answer", answer{sent: true, err: io.EOF}, unknown},
		{
			"tokens in half an answer",
			answer{sent: true, status: 200, body: []byte(tokens), err: io.ErrUnexpectedEOF},
			success,
		},
		{
			"half a refusal",
			answer{sent: true, status: 400, body: []byte(`{"error":"invalid_grant"}`), err: io.ErrUnexpectedEOF},
			unknown,
		},
		{"tokens", sent(200, tokens), success},
		{"tokens with 201", sent(201, tokens), success},
		{"no refresh token with 400", sent(400, tokens), unknown},
		{"a refresh token with 400", sent(400, both), success},
		{"a refresh token with 500, cut", answer{sent: true, status: 500, body: []byte(both), err: io.EOF}, success},
		{
			"the refresh token that was sent, with 400",
			answer{sent: true, status: 400, body: []byte(both), secrets: []helper.Secret{helper.NewSecret("r")}},
			unknown,
		},
		{
			"the refresh token that was sent, with 200",
			answer{sent: true, status: 200, body: []byte(both), secrets: []helper.Secret{helper.NewSecret("r")}},
			success,
		},
		{"tokens beside an error", sent(200, `{"error":"x","refresh_token":"r","access_token":"a"}`), success},
		{"an error beside an access token", sent(200, `{"error":"x","access_token":"a b"}`), unknown},
		{"html", sent(200, "<html>"), unknown},
		{"nothing", sent(200, ""), unknown},
		{"a redirect", sent(307, ""), unknown},
		{"a bad request", sent(400, `{"error":"invalid_request"}`), unknown},
		{"a lost session", sent(400, `{"error":{"code":"app_session_terminated"}}`), unknown},
		{"forbidden", sent(403, `{"error":"forbidden"}`), unknown},
		{"a timeout", sent(408, ""), unknown},
		{"an internal error", sent(500, `{"error":"server_error"}`), unknown},
		{"a bad gateway", sent(502, ""), unknown},
		{"unavailable without a time", sent(503, ""), unknown},
		{"unavailable for a time", answer{sent: true, status: 503, retryAfter: "5"}, retryLater},
		{"too many requests", sent(429, ""), retryLater},
		{"the RFC's refusal", sent(400, `{"error":"invalid_grant","error_description":"x"}`), refused},
		{"a refusal with 200", sent(200, `{"error":"invalid_grant"}`), refused},
		{"a refusal in capitals", sent(400, `{"error":"INVALID_GRANT"}`), refused},
		{"reused, as an object", sent(401,
			`{"error":{"message":"x","type":"invalid_request_error","param":null,"code":"refresh_token_reused"}}`), refused},
		{"reused, with 400", sent(400, `{"error":{"code":"refresh_token_reused"}}`), refused},
		{"reused, with 500", sent(500, `{"error":{"code":"refresh_token_reused"}}`), refused},
		{"expired, as a text", sent(400, `{"error":"refresh_token_expired"}`), refused},
		{"invalidated, at the top", sent(400, `{"code":"refresh_token_invalidated"}`), refused},
		{"token_expired, at the top", sent(400, `{"code":"token_expired"}`), refused},
		{"a code behind another", sent(403, `{"error":"denied","code":"Refresh_Token_Reused"}`), refused},
		{"401 with an error", sent(401, `{"error":"invalid_client"}`), refused},
		{"401 with another error", sent(401, `{"error":{"type":"x"}}`), refused},
		{"401 with html", sent(401, "<html>"), unknown},
		{"401 without an error", sent(401, `{"detail":"x"}`), unknown},
		{"an error of another type", sent(401, `{"error":7}`), unknown},
		{"an array", sent(401, `["invalid_grant"]`), unknown},
	} {
		_, parsed := c.a.grant(ProfileOAuth)
		if got := judge(c.a, parsed); got != c.want {
			t.Errorf("%s: outcome %d, want %d", c.name, got, c.want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header string
		want   time.Duration
	}{
		{"", time.Minute},
		{"soon", time.Minute},
		{"-5", time.Minute},
		{"99999999999999999999", time.Minute},
		{"0", time.Second},
		{"7", 7 * time.Second},
		{"1800", 30 * time.Minute},
		{"1801", 30 * time.Minute},
		{"2000000000", 30 * time.Minute},
		{now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{now.Add(-time.Hour).Format(http.TimeFormat), time.Second},
		{now.AddDate(1, 0, 0).Format(http.TimeFormat), 30 * time.Minute},
	} {
		if got := retryAfter(c.header, now); got != c.want {
			t.Errorf("Retry-After %q: %v, want %v", c.header, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain text", "plain text"},
		{" two\nlines\t", "two lines"},
		{"\x1b[31mred\x1b[0m\x07", "[31mred[0m"},
		{"\u202eright to left\u2066", "right to left"},
		{"\ufeffzero\u200bwidth", "zerowidth"},
		{"\xff\xfebytes", "bytes"},
		{"Zoë 日本", "Zoë 日本"},
	} {
		if got := sanitize(c.in, maxText); got != c.want {
			t.Errorf("clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	if got := sanitize("日本語日本語", 3); got != "日本語..." || !utf8.ValidString(got) {
		t.Errorf("shortened to %q", got)
	}
}

func TestNewEndpointError(t *testing.T) {
	for _, c := range []struct {
		code, description, want string
	}{
		{"invalid_grant", "Gone.", "a.example answered 400 invalid_grant: Gone."},
		{"refresh_token_invalidated", "", "a.example answered 400 refresh_token_invalidated"},
		{"", "the token 0123456789abcdef01234567 is bad", "a.example answered 400: the token [...] is bad"},
		{"rt_0123456789abcdef0123456789", "", "a.example answered 400 [...]"},
		{"", "", "a.example answered 400"},
	} {
		if got := NewEndpointError("https://a.example/token", 400, c.code, c.description).Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestProblem_Timeout checks that every error wraps the kind that callers distinguish.
func TestProblem_Timeout(t *testing.T) {
	c := &Client{Now: func() time.Time { return time.Time{} }}
	a := c.send(canceled(t), call{endpoint: "https://a.example/token", body: "x"})
	if err := a.problem(nil); a.sent || !errors.Is(err, a.err) {
		t.Errorf("sent %t, error %v", a.sent, err)
	}
}
