package requestlog

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"github.com/codex-cred/codex-cred/refresh"
)

// An entry is one line of the log.
type entry struct {
	Time       time.Time       `json:"time"`
	Command    string          `json:"command"`
	Account    string          `json:"account,omitempty"`
	Generation uint64          `json:"generation,omitempty"` // of the credential to refresh
	Request    refresh.Request `json:"request"`
	Method     string          `json:"method"`
	Host       string          `json:"host"`
	Path       string          `json:"path"`
	Sent       bool            `json:"sent"`
	Status     int             `json:"status,omitempty"`
	Failure    string          `json:"failure,omitempty"`
	Duration   int64           `json:"duration_ms"`
	Body       json.RawMessage `json:"body,omitempty"`
	Answer     json.RawMessage `json:"answer,omitempty"`
}

type accountKey struct{}

// About returns a context in which requests are logged with the account.
func About(ctx context.Context, account string) context.Context {
	return context.WithValue(ctx, accountKey{}, account)
}

// line returns the line of the log for the exchange.
func line(ctx context.Context, command string, bodies bool, x refresh.Exchange) ([]byte, error) {
	account, _ := ctx.Value(accountKey{}).(string)
	e := entry{
		Time: x.Start.UTC(), Command: command, Account: account, Generation: x.Generation,
		Request: x.Request, Method: x.Method, Sent: x.Sent, Status: x.Status,
		Failure: failure(x), Duration: x.Duration.Milliseconds(),
	}
	// Leave out the query, the fragment and user information.
	if u, err := url.Parse(x.Endpoint); err == nil {
		e.Host, e.Path = u.Host, u.EscapedPath()
	}
	if bodies {
		e.Body, e.Answer = maskBody(x.ContentType, x.Body.Reveal()), maskBody(jsonType, x.Answer.Reveal())
	}
	b, err := json.Marshal(e)
	return append(b, '\n'), err
}

// failure says in one of a few words why there is no complete answer. The
// error's text is not logged, because it may hold text from the server.
func failure(x refresh.Exchange) string {
	switch {
	case x.Err == nil:
		return ""
	case errors.Is(x.Err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(x.Err, context.Canceled):
		return "canceled"
	case x.Status != 0:
		return "cut off"
	case x.Sent:
		return "no answer"
	}
	return "not sent"
}
