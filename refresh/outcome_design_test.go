package refresh

import (
	"context"
	"fmt"
	"io"
	"slices"
	"syscall"
	"testing"
)

// TestJudge_Design checks the table of outcomes, row by row as in the design.
func TestJudge_Design(t *testing.T) {
	const (
		tokens = `{"access_token":"a","token_type":"Bearer"}`
		both   = `{"access_token":"a","token_type":"Bearer","refresh_token":"r"}`
	)
	is := func(status int, body string) answer {
		a := answer{
			sent: true,
			raw:  fmt.Appendf(nil, "HTTP/1.1 %d -\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body),
		}
		if status == 0 {
			a.raw = []byte(body)
		}
		a.parseRaw(nil)
		return a
	}
	later := func(status int, body string) answer {
		a := is(status, body)
		a.retryAfter = "5"
		return a
	}
	broke := func(err error) answer { return answer{sent: true, err: err} }
	for _, line := range []struct {
		says string
		want outcome
		all  []answer
	}{
		{"nothing was written: not sent", notSent, []answer{
			{err: io.EOF},
			{err: syscall.ECONNREFUSED},
			{err: context.DeadlineExceeded},
			{err: context.Canceled},
			{status: 400, body: []byte(`{"error":"invalid_grant"}`)},
			{status: 407},
			{status: 413}, // answered before it was read
		}},
		{"200 that parses: success", success, []answer{is(200, tokens), later(200, tokens)}},
		{"another success that parses: success", success, []answer{is(201, tokens), is(206, tokens), is(204, tokens)}},
		{
			"tokens in something else: success", success,
			[]answer{is(200, tokens+"x"), is(200, `{"access_token":"a","token_type":"mac"}`), is(200, "<"+tokens)},
		},
		{
			"a new refresh token, whatever else it says: success", success,
			[]answer{is(200, both), is(302, both), is(401, both), is(500, both), is(0, both)},
		},
		{"a success that holds no such object: unreadable", unreadable, []answer{
			is(200, "<html>"), is(200, "{}"), is(200, "null"), is(200, "[]"), is(200, tokens[:20]), is(202, "x"),
			is(200, `{"access_token":"","token_type":"Bearer"}`),
			is(200, `{"refresh_token":"r","token_type":"Bearer"}`), is(0, "x"), is(500, both[:len(both)-3]),
			is(500, `{"refresh_token":"r"}`),
		}},
		{"an empty success: unknown", unknown, []answer{is(200, ""), later(200, ""), is(202, ""), is(204, "")}},
		{
			"an error beside an access token is one", refused,
			[]answer{is(200, `{"access_token":"a","token_type":"bearer","error":"invalid_grant"}`)},
		},
		{
			"a redirect: unknown", unknown,
			[]answer{is(301, ""), is(302, ""), is(303, ""), is(304, ""), is(307, ""), is(308, "")},
		},
		{"408: unknown", unknown, []answer{is(408, ""), later(408, "")}},
		{"5xx: unknown", unknown, []answer{
			is(500, ""), is(500, `{"error":"server_error"}`), later(500, ""), is(501, ""),
			is(502, "<html>"), later(502, ""), is(504, ""), is(599, ""),
		}},
		{"503 without Retry-After: unknown", unknown, []answer{is(503, ""), is(503, `{"error":"temporarily_unavailable"}`)}},
		{
			"reset: unknown", unknown,
			[]answer{broke(syscall.ECONNRESET), broke(io.EOF), broke(io.ErrUnexpectedEOF), broke(errTooLong)},
		},
		{"timeout: unknown", unknown, []answer{broke(context.DeadlineExceeded), broke(syscall.ETIMEDOUT)}},
		{"broken, whatever came of it: unknown", unknown, []answer{
			{sent: true, status: 429, err: io.EOF},
			{sent: true, status: 401, body: []byte(`{"error":"invalid_grant"}`), err: io.EOF},
			{sent: true, status: 503, retryAfter: "5", err: io.EOF},
		}},
		{"any other 4xx: unknown", unknown, []answer{
			is(400, ""), is(400, `{"error":"invalid_request"}`), is(400, `{"error":"invalid_client"}`), is(402, ""),
			is(403, `{"error":"access_denied"}`),
			is(404, ""), is(407, ""), is(407, `{"error":"proxy"}`), is(413, ""), is(418, ""), is(451, ""),
		}},
		{"a body that is not JSON: unknown", unknown, []answer{
			is(400, "invalid_grant"),
			is(401, "<html>invalid_grant</html>"), is(401, ""), is(403, "<html>"), is(400, "error=invalid_grant"),
		}},
		{
			"429: wait", retryLater,
			[]answer{is(429, ""), later(429, ""), is(429, "<html>"), is(429, `{"error":"rate_limit_exceeded"}`)},
		},
		{
			"503 with Retry-After: wait", retryLater,
			[]answer{later(503, ""), later(503, "<html>"), later(503, `{"error":"temporarily_unavailable"}`)},
		},
		{"invalid_grant: refused", refused, []answer{is(400, `{"error":"invalid_grant"}`), is(403,
			`{"error":"invalid_grant"}`), is(200, `{"error":"invalid_grant"}`), later(503, `{"error":"invalid_grant"}`)}},
		{"OpenAI's refresh_token_...: refused", refused, slices.Concat(
			refusals(400, "refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated"),
			refusals(401, "refresh_token_expired", "refresh_token_reused", "refresh_token_invalidated"),
		)},
		{"token_expired: refused", refused, refusals(400, "token_expired")},
		{"401 with a JSON error: refused", refused, []answer{is(401, `{"error":"invalid_client"}`), is(401,
			`{"error":{"code":"x"}}`), is(401, `{"error":{"type":"x"}}`), is(401, `{"code":"x"}`), later(401, `{"error":"x"}`)}},
		{
			"401 with JSON that is no error: unknown", unknown,
			[]answer{is(401, `{}`), is(401, `{"error":""}`), is(401, `{"error":null}`), is(401, `{"message":"x"}`)},
		},
		{"401 with an access token alone: unreadable", unreadable, []answer{is(401, tokens)}},
	} {
		for _, a := range line.all {
			_, parsed := a.grant(ProfileOAuth)
			if got := judge(a, parsed); got != line.want {
				t.Errorf("%s: %d %q, %v: outcome %d, want %d", line.says, a.status, a.body, a.err, got, line.want)
			}
		}
	}
}

// refusals returns answers with each code, in OpenAI's form and in that of RFC 6749.
func refusals(status int, codes ...string) (all []answer) {
	for _, code := range codes {
		for _, form := range []string{`{"error":%q}`, `{"error":{"code":%q}}`, `{"code":%q}`} {
			all = append(all, answer{sent: true, status: status, body: fmt.Appendf(nil, form, code)})
		}
	}
	return all
}

// TestJudge_Total checks that every answer has one of the outcomes, that an incomplete answer never ends a sign-in, and
// that tokens always renew it.
func TestJudge_Total(t *testing.T) {
	bodies := []string{
		"", "<html>", `{"access_token":"a","token_type":"Bearer"}`, `{"error":"invalid_grant"}`,
		`{"error":"x"}`,
	}
	for status := range 600 {
		for _, body := range bodies {
			for _, retry := range []string{"", "5"} {
				for _, err := range []error{nil, io.EOF} {
					a := answer{sent: true, status: status, body: []byte(body), retryAfter: retry, err: err}
					_, parsed := a.grant(ProfileOAuth)
					got := judge(a, parsed)
					tokens := status >= 200 && status < 300 && body == bodies[2]
					if err != nil && got != unknown && got != success || got == notSent || (got == success) != tokens {
						t.Errorf("%d %q, Retry-After %q, %v: outcome %d", status, body, retry, err, got)
					}
				}
			}
		}
	}
}

// TestJudge_NotSent checks that a call that was not sent has the outcome notSent.
func TestJudge_NotSent(t *testing.T) {
	for status := range 600 {
		for _, body := range []string{"", `{"error":"invalid_grant"}`, `{"access_token":"a","token_type":"Bearer"}`} {
			a := answer{status: status, body: []byte(body)}
			_, parsed := a.grant(ProfileOAuth)
			if got := judge(a, parsed); got != notSent {
				t.Errorf("%d %q: outcome %d, want notSent", status, body, got)
			}
		}
	}
}
