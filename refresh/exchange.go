package refresh

import (
	"context"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Request is what a [Client] asks an authorization server for.
type Request string

// All that a [Client] ever asks for.
const (
	RequestMetadata Request = "metadata"     // how to talk to the server (RFC 8414)
	RequestCode     Request = "code"         // tokens for an authorization code
	RequestRefresh  Request = "refresh"      // tokens for a refresh token
	RequestRevoke   Request = "revoke"       // that a token becomes useless (RFC 7009)
	RequestDevice   Request = "device"       // a code to enter on another device (RFC 8628)
	RequestPoll     Request = "device-token" // whether the person has entered it
	RequestReach    Request = "reach"        // nothing: whether the server answers
)

// Requests returns all of them.
func Requests() []Request {
	return []Request{RequestMetadata, RequestCode, RequestRefresh, RequestRevoke, RequestDevice, RequestPoll, RequestReach}
}

// Endpoint returns the URL that the request goes to; empty if the issuer has none
// for it. Metadata has a second place, where it is looked for if the first has
// none.
func (r Request) Endpoint(iss helper.Issuer) string {
	switch r {
	case RequestMetadata:
		if iss.Profile == ProfileOpenAI {
			return "" // nobody is asked
		}
		first, _ := metadataURLs(iss.URL)
		return first
	case RequestCode, RequestRefresh:
		return iss.TokenEndpoint
	case RequestRevoke:
		return iss.RevocationEndpoint
	case RequestDevice:
		return iss.DeviceEndpoint
	case RequestPoll:
		if iss.Profile == ProfileOpenAI {
			return strings.TrimSuffix(iss.DeviceEndpoint, userCodePath) + pollPath
		}
		return iss.TokenEndpoint
	case RequestReach:
		return originOf(iss.TokenEndpoint)
	}
	return ""
}

// An Exchange is one request of a [Client] and what came of it, for
// [Client.Observe].
type Exchange struct {
	Request  Request
	Method   string
	Endpoint string // the URL
	// Generation of the credential whose refresh token was presented; 0 of any
	// other request.
	Generation uint64
	Start      time.Time
	Duration   time.Duration
	// Sent: the body was, or may have been, written.
	Sent   bool
	Status int   // 0 if no answer began
	Err    error // nil: the whole answer was read

	// The bodies, as they were sent and received. ContentType tells the form of
	// Body.
	ContentType  string
	Body, Answer helper.Secret
}

// observe tells the owner of the client, who wants to know.
func (c *Client) observe(ctx context.Context, call call, a answer) {
	if c.Observe == nil {
		return
	}
	x := Exchange{
		Request: call.request, Method: call.method(), Endpoint: call.endpoint, Generation: call.generation,
		Start: a.start, Duration: max(0, c.Now().Sub(a.start)), Sent: a.sent, Status: a.status, Err: a.err,
		ContentType: call.contentType, Body: helper.NewSecret(call.body), Answer: helper.NewSecret(string(a.body)),
	}
	c.Observe(ctx, x)
}
