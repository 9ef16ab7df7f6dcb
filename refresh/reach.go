package refresh

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// ErrUntrusted says that the server, or who answers in its place, has no certificate
// that this computer trusts.
var ErrUntrusted = errors.New("its certificate is not trusted here")

// ReachResult is what an authorization server answered when it was asked for nothing.
type ReachResult struct {
	Host string
	// Proxy that the request goes through, without who may use it; empty is none.
	Proxy string
	// Date is the server's clock, to the second; zero if it tells none.
	Date time.Time
	// Asked and Answered are the times of this computer between which Date was read.
	Asked, Answered time.Time
}

// Reach finds out whether the server that refreshes the issuer's tokens answers, by
// the way that a refresh takes, with a request that carries nothing. Any answer will
// do. Host and Proxy are told beside an error too, which is [helper.ErrTemporary],
// and [ErrUntrusted] where that is why; an endpoint that must not be asked is
// [helper.ErrInvalid].
func (c *Client) Reach(ctx context.Context, iss helper.Issuer) (ReachResult, error) {
	if err := checkEndpoint(iss, iss.TokenEndpoint); err != nil {
		return ReachResult{}, fmt.Errorf("token endpoint: %w", err)
	}
	place := RequestReach.Endpoint(iss)
	r := ReachResult{Host: hostOf(place), Proxy: c.proxyOf(ctx, place)}
	a := c.send(ctx, call{request: RequestReach, endpoint: place})
	r.Asked, r.Answered = a.start, c.Now()
	r.Date, _ = http.ParseTime(a.date) // zero if it is none
	if a.err == nil {
		return r, nil
	}
	err := fmt.Errorf("%w: %w", a.problem(nil), helper.ErrTemporary)
	if untrusted := (*tls.CertificateVerificationError)(nil); errors.As(a.err, &untrusted) {
		err = fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return r, err
}

// proxyOf returns the address of the proxy on the way to the place.
func (c *Client) proxyOf(ctx context.Context, place string) string {
	if c.Proxy == nil {
		return ""
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, place, nil)
	if err != nil {
		return ""
	}
	proxy, err := c.Proxy(req)
	if err != nil || proxy == nil {
		return ""
	}
	return sanitize(proxy.Scheme+"://"+proxy.Host, maxCode)
}

// originOf returns the URL of the endpoint's server; empty if it has none.
func originOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}
