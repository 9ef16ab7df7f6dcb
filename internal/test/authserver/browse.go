package authserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// maxPage is the largest page that Browse reads.
const maxPage = 16 << 20

// Browse is a new browser without JavaScript: it opens the URL, follows redirects, with cookies, up
// to the sign-in's loopback listener and reads the last page completely. A last page with a status
// of 400 or more is an error. No error contains a query, which may hold a code. It connects to
// loopback addresses only.
func Browse(ctx context.Context, address string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("browse: the URL does not parse")
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("browse: %w", err)
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: dialLoopback} // and no proxy
	client := http.Client{Transport: transport, Jar: jar, Timeout: time.Minute}
	res, err := client.Do(req)
	if err != nil {
		var full *url.Error
		if errors.As(err, &full) {
			err = full.Err
		}
		return fmt.Errorf("browse: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	last := res.Request.URL
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, maxPage)); err != nil {
		return fmt.Errorf("browse: read the page of %s%s: %w", last.Host, last.Path, err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("browse: the page of %s%s has status %d", last.Host, last.Path, res.StatusCode)
	}
	return nil
}

func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not on loopback", host)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}
