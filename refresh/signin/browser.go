package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

// usualLimit is how long a person may take.
const usualLimit = 5 * time.Minute

// A Browser signs in with a web browser on this machine. Its fields are set by
// its owner.
type Browser struct {
	Client *refresh.Client
	// Open shows the URL to the person; nil leaves that to Listening. It may
	// return at once or when the browser is closed. If it fails the sign-in
	// goes on: the person may have the URL from elsewhere.
	Open func(ctx context.Context, url string) error
	// Random is crypto/rand.Reader outside tests.
	Random io.Reader
	// Limit is how long the person may take; 0 is 5 minutes.
	Limit time.Duration
	// Listening, if set, is told the URL once the listener is up.
	Listening func(authorizeURL string)
}

// SignIn asks the person to sign in and returns the credential, of generation
// 1. The state and the verifier are new at each call, and the listener is
// closed when it returns.
//
// The error is ctx's if that ended first, [helper.ErrTemporary] if nobody
// signed in within the limit or a port is busy, [helper.ErrSignInRequired] if
// the authorization server refused, and else as of [refresh.Client.Redeem].
func (b *Browser) SignIn(ctx context.Context, iss helper.Issuer) (helper.Credential, error) {
	places, err := redirects(iss)
	if err != nil {
		return helper.Credential{}, err
	}
	listener, redirect, err := listen(ctx, places)
	if err != nil {
		return helper.Credential{}, err
	}
	state, err := newState(b.Random)
	if err != nil {
		_ = listener.Close()
		return helper.Credential{}, err
	}
	a := newAttempt(iss, redirect, state)
	stop := a.serve(listener)
	verifier := oauth2.GenerateVerifier()
	c, err := b.converse(ctx, a, verifier)
	a.finish(err)
	stop(context.WithoutCancel(ctx))
	return c, err
}

// converse shows the URL, waits for the callback and redeems its code.
func (b *Browser) converse(ctx context.Context, a *attempt, verifier string) (helper.Credential, error) {
	opened := b.show(ctx, authorizeURL(a, verifier))
	limit := b.Limit
	if limit == 0 {
		limit = usualLimit
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case r := <-a.arrived:
		if r.err != nil {
			return helper.Credential{}, r.err
		}
		return b.Client.Redeem(ctx, a.iss, r.code, helper.NewSecret(verifier), a.redirect.String())
	case <-limited.Done():
	}
	if err := ctx.Err(); err != nil {
		return helper.Credential{}, fmt.Errorf("wait for the sign-in: %w", err)
	}
	err := fmt.Errorf("nobody signed in within %s; start the sign-in again: %w", limit, helper.ErrTemporary)
	select {
	case openErr := <-opened:
		err = fmt.Errorf("open the browser: %w; %w", openErr, err)
	default:
	}
	return helper.Credential{}, err
}

// show returns a channel that yields the error of Open, if there is one. Open
// gets the caller's context: the end of the sign-in must not close the browser.
func (b *Browser) show(ctx context.Context, address string) <-chan error {
	failed := make(chan error, 1)
	if b.Listening != nil {
		b.Listening(address)
	}
	if b.Open != nil {
		go func() {
			if err := b.Open(ctx, address); err != nil {
				failed <- err
			}
		}()
	}
	return failed
}

// authorizeURL is the authorization request (RFC 6749 section 4.1.1, RFC 7636
// section 4.3).
func authorizeURL(a *attempt, verifier string) string {
	config := oauth2.Config{
		ClientID:    a.iss.ClientID,
		Endpoint:    oauth2.Endpoint{AuthURL: a.iss.AuthorizationEndpoint},
		RedirectURL: a.redirect.String(),
		Scopes:      strings.Fields(a.iss.Scope),
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if a.iss.Profile == refresh.ProfileOpenAI {
		options = append(options,
			oauth2.SetAuthURLParam("id_token_add_organizations", "true"),
			oauth2.SetAuthURLParam("codex_cli_simplified_flow", "true"),
			oauth2.SetAuthURLParam("originator", a.iss.Originator),
		)
	}
	return config.AuthCodeURL(a.state.Reveal(), options...)
}

// newState draws what binds a callback to this attempt (RFC 6749 section
// 10.12).
func newState(random io.Reader) (helper.Secret, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return helper.Secret{}, fmt.Errorf("draw the state of the sign-in: %w", err)
	}
	return helper.NewSecret(base64.RawURLEncoding.EncodeToString(b[:])), nil
}

// listen takes the first of the places whose port is free, and returns it with
// the port it got.
func listen(ctx context.Context, places []url.URL) (net.Listener, url.URL, error) {
	var busy error
	for _, place := range places {
		host := place.Hostname()
		if host == "localhost" {
			host = "127.0.0.1" // the name is the authorization server's wish; resolvers are not asked
		}
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(host, place.Port()))
		if err != nil {
			busy = errors.Join(busy, err)
			continue
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		place.Host = hostPort(place.Hostname(), port)
		return l, place, nil
	}
	return nil, url.URL{}, fmt.Errorf("listen for the browser's answer on %s: %s; close the program that holds the port, perhaps another sign-in: %w",
		addresses(places), strings.ReplaceAll(fmt.Sprint(busy), "\n", "; "), helper.ErrTemporary)
}

func hostPort(host, port string) string { return net.JoinHostPort(host, port) }

func addresses(places []url.URL) string {
	list := make([]string, len(places))
	for i, p := range places {
		list[i] = p.Host
	}
	return strings.Join(list, " and ")
}

// redirects returns the redirect URIs to try, in order. Port 0 is any free one
// (RFC 8252 section 7.3). OpenAI knows two fixed ports.
func redirects(iss helper.Issuer) ([]url.URL, error) {
	if iss.RedirectURI != "" {
		u, err := parseRedirect(iss.RedirectURI)
		return []url.URL{u}, err
	}
	loopback := func(port, path string) url.URL {
		return url.URL{Scheme: "http", Host: hostPort("127.0.0.1", port), Path: path}
	}
	if iss.Profile == refresh.ProfileOpenAI {
		return []url.URL{loopback("1455", "/auth/callback"), loopback("1457", "/auth/callback")}, nil
	}
	return []url.URL{loopback("0", "/callback")}, nil
}

// parseRedirect returns [helper.ErrInvalid] unless raw is a redirect URI that
// this machine can listen on.
func parseRedirect(raw string) (url.URL, error) {
	u, err := url.Parse(raw)
	if err == nil && u.Scheme == "http" && ours(u.Hostname()) && u.Port() != "" &&
		strings.HasPrefix(u.Path, "/") && u.User == nil && !strings.ContainsAny(raw, "?#") {
		return *u, nil
	}
	return url.URL{}, fmt.Errorf("redirect URI %.200q is %w: use http://HOST:PORT/PATH with the host 127.0.0.1, [::1] or localhost", raw, helper.ErrInvalid)
}

func ours(host string) bool { return host == "127.0.0.1" || host == "::1" || host == "localhost" }
