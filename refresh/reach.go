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

// ErrUntrusted means that this computer does not trust the server's certificate, or that of a proxy that intercepts
// TLS.
var ErrUntrusted = errors.New("its certificate is not trusted here")

// ReachResult is the result of [Client.Reach].
type ReachResult struct {
	Host string
	// Proxy is the proxy's URL without credentials; empty if there is no proxy.
	Proxy string
	// Date is the time of the server's clock, in whole seconds; zero if the answer has none.
	Date time.Time
	// Asked and Answered are this computer's times before and after the request.
	Asked, Answered time.Time
}

// Reach reports whether the issuer's token endpoint can be reached, on the same network path as a refresh, with a HEAD
// request without credentials. Any HTTP answer counts. Host and Proxy are also set beside an error. The error is
// [helper.ErrTemporary], together with [ErrUntrusted] if the certificate is the cause, or [helper.ErrInvalid] for an
// endpoint that must not be contacted.
func (c *Client) Reach(ctx context.Context, iss helper.Issuer) (ReachResult, error) {
	if err := checkEndpoint(iss, iss.TokenEndpoint); err != nil {
		return ReachResult{}, fmt.Errorf("token endpoint: %w", err)
	}
	place := RequestReach.Endpoint(iss)
	r := ReachResult{Host: hostOf(place), Proxy: c.proxyOf(ctx, place)}
	a := c.send(ctx, call{request: RequestReach, endpoint: place})
	r.Asked, r.Answered = a.start, c.Now()
	r.Date, _ = http.ParseTime(a.date) // zero if it does not parse
	if a.err == nil {
		return r, nil
	}
	err := fmt.Errorf("%w: %w", a.problem(nil), helper.ErrTemporary)
	if untrusted := (*tls.CertificateVerificationError)(nil); errors.As(a.err, &untrusted) {
		err = fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	return r, err
}

// proxyOf returns the URL of the proxy for the endpoint, without credentials.
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

// originOf returns the URL of the endpoint's server, or "" if it does not parse.
func originOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/"
}
