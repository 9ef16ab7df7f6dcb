package signin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// A PortsError means that the browser's response cannot be received, usually because other programs use the ports. It
// wraps [helper.ErrTemporary].
type PortsError struct {
	Addresses []string // HOST:PORT of each address that was tried
	cause     string
}

// Error implements error.
func (e *PortsError) Error() string {
	return fmt.Sprintf("listen for the browser's answer on %s: %s; close the program that holds the port, perhaps "+
		"another sign-in: %v",
		strings.Join(e.Addresses, " and "), e.cause, helper.ErrTemporary)
}

// Unwrap returns [helper.ErrTemporary].
func (e *PortsError) Unwrap() error { return helper.ErrTemporary }

// listen listens on the first redirect URI with a free port, and returns that URI with the actual port. The error is
// ctx's, or a [PortsError].
func listen(ctx context.Context, places []url.URL) (net.Listener, url.URL, error) {
	var busy error
	for _, place := range places {
		host := place.Hostname()
		if host == "localhost" {
			host = "127.0.0.1" // the name is for the authorization server; it is not resolved
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, place.Port()))
		if err != nil {
			busy = errors.Join(busy, err)
			continue
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		place.Host = net.JoinHostPort(place.Hostname(), port)
		return l, place, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, url.URL{}, fmt.Errorf("listen for the browser's answer: %w", err)
	}
	return nil, url.URL{},
		&PortsError{Addresses: addresses(places), cause: strings.ReplaceAll(fmt.Sprint(busy), "\n", "; ")}
}

// manualRedirect returns the first redirect URI, for a response that the person pastes. Port 0 is replaced: a browser
// cannot show it.
func manualRedirect(places []url.URL) url.URL {
	place := places[0]
	if place.Port() == "0" {
		place.Host = net.JoinHostPort(place.Hostname(), "1455")
	}
	return place
}

func addresses(places []url.URL) []string {
	list := make([]string, len(places))
	for i, p := range places {
		list[i] = p.Host
	}
	return list
}

// redirects returns the redirect URIs to try, in order. Port 0 means any free port (RFC 8252 section 7.3). OpenAI
// accepts two fixed ports.
func redirects(iss helper.Issuer) ([]url.URL, error) {
	if iss.RedirectURI != "" {
		u, err := parseRedirect(iss.RedirectURI)
		return []url.URL{u}, err
	}
	loopback := func(port, path string) url.URL {
		return url.URL{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", port), Path: path}
	}
	if iss.Profile == refresh.ProfileOpenAI {
		return []url.URL{loopback("1455", "/auth/callback"), loopback("1457", "/auth/callback")}, nil
	}
	return []url.URL{loopback("0", "/callback")}, nil
}

// parseRedirect returns [helper.ErrInvalid] unless raw is a redirect URI on which this machine can listen.
func parseRedirect(raw string) (url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && u.Scheme == "http" && isLoopbackHost(u.Hostname()) && isPort(u.Port()) &&
		strings.HasPrefix(u.Path, "/") && u.User == nil && !strings.ContainsAny(raw, "?#") {
		return *u, nil
	}
	return url.URL{}, fmt.Errorf("redirect URI %.200q is %w: use http://HOST:PORT/PATH with the host 127.0.0.1, [::1] "+
		"or localhost", raw, helper.ErrInvalid)
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

func isLoopbackHost(host string) bool {
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}
