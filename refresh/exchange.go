package refresh

import (
	"context"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Request is the kind of a request to an authorization server.
type Request string

// The kinds of requests that a [Client] sends.
const (
	RequestMetadata Request = "metadata"     // the server's metadata (RFC 8414)
	RequestCode     Request = "code"         // tokens for an authorization code
	RequestRefresh  Request = "refresh"      // tokens for a refresh token
	RequestRevoke   Request = "revoke"       // token revocation (RFC 7009)
	RequestDevice   Request = "device"       // a code to enter on another device (RFC 8628)
	RequestPoll     Request = "device-token" // a poll of the device sign-in
	RequestReach    Request = "reach"        // a HEAD request: does the server answer?
)

// Requests returns all kinds of requests.
func Requests() []Request {
	return []Request{RequestMetadata, RequestCode, RequestRefresh, RequestRevoke, RequestDevice, RequestPoll, RequestReach}
}

// Endpoint returns the URL that the request is sent to, or "" if the issuer has none for it. For metadata it is the
// first of two URLs that are tried.
func (r Request) Endpoint(iss helper.Issuer) string {
	switch r {
	case RequestMetadata:
		if iss.Profile == ProfileOpenAI {
			return "" // its endpoints are fixed
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

// An Exchange describes one request of a [Client] and its result, for [Client.Observe].
type Exchange struct {
	Request  Request
	Method   string
	Endpoint string // the URL
	// Generation of the credential whose refresh token was sent; 0 for any other request.
	Generation uint64
	Start      time.Time
	Duration   time.Duration
	// Sent reports whether the body was, or may have been, written.
	Sent   bool
	Status int   // 0 if there was no answer
	Err    error // nil if the whole answer was read

	// Body and Answer are the bodies as sent and received. ContentType is that of Body.
	ContentType  string
	Body, Answer helper.Secret
}

// observe reports the call to Observe, if that is set.
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
