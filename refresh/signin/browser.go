package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/peeruser"
	"github.com/codex-cred/codex-cred/refresh"
)

// DefaultLimit is how long a person has to sign in in the browser.
const DefaultLimit = 5 * time.Minute

// A Browser signs in with a web browser on this machine. Its fields are set by
// its owner.
type Browser struct {
	Client *refresh.Client
	// Open shows a URL to the person, in a browser on this computer; nil leaves
	// that to Listening. The URL is a one-time address on loopback that leads to
	// the authorization request: other users can read a browser's arguments. Open
	// may return at once or when the browser is closed. If it fails the sign-in
	// goes on: the person may have the URL from elsewhere.
	Open func(ctx context.Context, url string) error
	// Peer returns the user at the other end of a connection to the listener; nil
	// asks the system.
	Peer func(ctx context.Context, local, remote netip.AddrPort) peeruser.User
	// Warn, if set, is told in one line what another user or browser tried. The text
	// has names from outside in it. It may be called concurrently with everything else.
	Warn func(text string)
	// Random is crypto/rand.Reader outside tests.
	Random io.Reader
	// Limit is how long the person may take; 0 is 5 minutes.
	Limit time.Duration
	// After is time.After if nil.
	After func(time.Duration) <-chan time.Time
	// Listening, if set, is told the URL of the authorization request once the
	// listener is up, or will not be.
	Listening func(authorizeURL string)
	// ListenFailed, if set, is told before Listening why there is no listener, where
	// Pasted makes up for it.
	ListenFailed func(busy *PortsError)
	// Pasted, if set, asks the person for the address that the browser ended
	// at, in whatever form it was copied, while the listener waits too. It is
	// called again after a text that is no answer. An error, io.EOF for
	// instance, means that there will be none. It may still be waiting when
	// SignIn returns, and should then end with ctx or with the process; what it
	// returns is dropped.
	Pasted func(ctx context.Context) (string, error)
	// Rejected, if set, is told why a pasted text is no answer, before the
	// person is asked again. The error holds no part of the text.
	Rejected func(why error)
}

// SignIn asks the person to sign in and returns the credential, of generation
// 1. The state and the verifier are new at each call, and the listener is
// closed when it returns.
//
// With Pasted it does without a listener if no port is free.
//
// The error is ctx's if that ended first, [helper.ErrTemporary] if nobody
// signed in within the limit or could any more, a [PortsError] with
// ErrTemporary if the ports are busy, [helper.ErrSignInRequired] if
// the authorization server refused, and else as of [refresh.Client.Redeem].
func (b *Browser) SignIn(ctx context.Context, iss helper.Issuer) (helper.Credential, error) {
	places, err := redirects(iss)
	if err != nil {
		return helper.Credential{}, err
	}
	listener, redirect, err := listen(ctx, places)
	if busy := (*PortsError)(nil); errors.As(err, &busy) && b.Pasted != nil {
		redirect, err = manualRedirect(places), nil
		if b.ListenFailed != nil {
			b.ListenFailed(busy)
		}
	}
	if err != nil {
		return helper.Credential{}, err
	}
	verifier := oauth2.GenerateVerifier()
	a, err := b.prepare(iss, redirect, verifier, listener != nil)
	if err != nil {
		if listener != nil {
			_ = listener.Close()
		}
		return helper.Credential{}, err
	}
	stop := func(context.Context) {}
	if listener != nil {
		stop = a.serve(listener)
	}
	c, err := b.run(ctx, a, verifier, listener != nil)
	a.finish(err)
	stop(context.WithoutCancel(ctx))
	return c, err
}

// prepare draws the state and, if a browser is to be opened, the start address.
func (b *Browser) prepare(iss helper.Issuer, redirect url.URL, verifier string, listens bool) (*attempt, error) {
	state, err := randomSecret(b.Random)
	if err != nil {
		return nil, err
	}
	a := newAttempt(iss, redirect, state)
	a.authorize = authorizeURL(a, verifier)
	a.peer, a.warn = b.Peer, b.Warn
	if a.peer == nil {
		a.peer = peeruser.Lookup
	}
	if listens && b.Open != nil {
		a.start, err = newStartAddress(b.Random)
	}
	return a, err
}

// run shows the URL, waits for the response and redeems its code.
func (b *Browser) run(ctx context.Context, a *attempt, verifier string, listens bool) (helper.Credential, error) {
	opened := b.show(ctx, a)
	limit := b.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	r, inTime := b.wait(ctx, a, after(b.After, limit), listens)
	switch {
	case !inTime:
	case r.err != nil:
		return helper.Credential{}, r.err
	default:
		return b.Client.Redeem(ctx, a.iss, r.code, helper.NewSecret(verifier), a.redirect.String())
	}
	err := fmt.Errorf("nobody signed in within %s; start the sign-in again: %w", limit, helper.ErrTemporary)
	select {
	case openErr := <-opened:
		err = fmt.Errorf("open the browser: %w; %w", openErr, err)
	default:
	}
	return helper.Credential{}, err
}

// wait returns the first response, from the listener or the person, or why
// there can be none. It returns false when the time is over.
func (b *Browser) wait(ctx context.Context, a *attempt, timeout <-chan time.Time, listens bool) (response, bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // lets go of Pasted, if that heeds it
	pasted := b.ask(ctx)
	for {
		select {
		case r := <-a.responses:
			return r, true
		case <-timeout:
			return response{}, false
		case <-ctx.Done():
			return response{err: fmt.Errorf("wait for the sign-in: %w", ctx.Err())}, true
		case p := <-pasted:
			if p.err != nil && !listens && ctx.Err() == nil {
				return response{err: pasteError(p.err)}, true
			}
			pasted = nil
			if p.err == nil {
				pasted = b.acceptPaste(ctx, a, p.text)
			}
		}
	}
}

// acceptPaste takes a pasted text and, if that is no answer, asks again.
func (b *Browser) acceptPaste(ctx context.Context, a *attempt, text string) <-chan paste {
	why := a.paste(text)
	if why == nil {
		return nil
	}
	if b.Rejected != nil {
		b.Rejected(why)
	}
	return b.ask(ctx)
}

// show returns a channel that yields the error of Open, if there is one. Open
// gets the caller's context: the end of the sign-in must not close the browser.
func (b *Browser) show(ctx context.Context, a *attempt) <-chan error {
	failed := make(chan error, 1)
	if b.Listening != nil {
		b.Listening(a.authorize)
	}
	if b.Open != nil {
		address := a.authorize
		if a.start != nil {
			address = a.startURL()
		}
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

// randomSecret returns 256 random bits, for what binds a browser to this attempt (RFC 6749
// section 10.12).
func randomSecret(random io.Reader) (helper.Secret, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return helper.Secret{}, fmt.Errorf("draw the secrets of the sign-in: %w", err)
	}
	return helper.NewSecret(base64.RawURLEncoding.EncodeToString(b[:])), nil
}
