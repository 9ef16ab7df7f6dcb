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

// DefaultLimit is the time limit for a sign-in in the browser.
const DefaultLimit = 5 * time.Minute

// A Browser signs in with a web browser on this machine. The owner sets its fields before the first call.
type Browser struct {
	Client *refresh.Client
	// Open opens a URL in a browser on this computer; nil leaves that to the person, who gets the URL from Listening.
	// The URL is a one-time address on loopback that redirects to the authorization request, because other users can
	// read a browser's arguments. Open may return at once, or when the browser is closed. If it fails the sign-in
	// continues: the person may open the URL of Listening.
	Open func(ctx context.Context, url string) error
	// Peer returns the user at the other end of a connection to the listener; nil means asking the system.
	Peer func(ctx context.Context, local, remote netip.AddrPort) peeruser.User
	// Warn, if set, gets a line about each attempt of another user or browser to interfere. The text may contain
	// untrusted names. It may be called concurrently with the other functions.
	Warn func(text string)
	// Random is crypto/rand.Reader outside tests.
	Random io.Reader
	// Limit is the time limit for the person; 0 means [DefaultLimit].
	Limit time.Duration
	// After is used to wait; nil means [time.After].
	After func(time.Duration) <-chan time.Time
	// Listening, if set, gets the URL of the authorization request once the listener is up, or has failed with Pasted
	// set.
	Listening func(authorizeURL string)
	// ListenFailed, if set, is called before Listening if no port is free and Pasted is used instead of a listener.
	ListenFailed func(busy *PortsError)
	// Pasted, if set, asks the person for the address at which the browser ended, however it was copied, while the
	// listener waits too. It is called again after a text that is not accepted. An error, for example io.EOF, means
	// that no text will come. It may still be blocked when SignIn returns; it should then return when ctx is done or
	// the process exits, and its result is ignored.
	Pasted func(ctx context.Context) (string, error)
	// Rejected, if set, is called with the reason for which a pasted text is not accepted, before the person is asked
	// again. The error contains no part of the text.
	Rejected func(why error)
}

// SignIn signs the person in and returns the credential, of generation 1. Each call uses a new state and verifier and
// closes its listener before it returns. If no port is free it works without a listener, provided that Pasted is set.
//
// The error is ctx's if ctx is done, [helper.ErrTemporary] if the sign-in timed out or can no longer be completed, a
// [PortsError] with ErrTemporary if the ports are in use, [helper.ErrSignInRequired] if the authorization server
// refused, and otherwise that of [refresh.Client.Redeem].
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

// prepare creates the attempt with a new state and, if a browser will be opened, the start address.
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

// wait returns the first response, from the listener or the person, or an error if there can be none. It returns false
// on timeout.
func (b *Browser) wait(ctx context.Context, a *attempt, timeout <-chan time.Time, listens bool) (response, bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends Pasted, if it honours ctx
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

// acceptPaste handles a pasted text and, if it is not accepted, asks again.
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

// show shows the URL and returns a channel for the error of Open. Open gets the caller's context: the end of the
// sign-in must not close the browser.
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

// authorizeURL returns the URL of the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
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

// randomSecret returns 256 random bits, for values that bind a browser to this attempt (RFC 6749 section 10.12).
func randomSecret(random io.Reader) (helper.Secret, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return helper.Secret{}, fmt.Errorf("draw the secrets of the sign-in: %w", err)
	}
	return helper.NewSecret(base64.RawURLEncoding.EncodeToString(b[:])), nil
}
