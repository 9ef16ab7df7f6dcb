package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log" //nolint:depguard // http.Server accepts no other logger
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/peeruser"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	maxQuery = 8 << 10
	// pageTime limits how long a browser waits for the page with the result of the code exchange.
	pageTime = 100 * time.Second
	// closeTime limits the wait for the last page to be sent.
	closeTime = time.Second
)

// A response is the authorization response: a code, or an error.
type response struct {
	code helper.Secret
	err  error
}

// An attempt is one sign-in and the HTTP handler of its callback. A request without the right state changes nothing.
type attempt struct {
	iss       helper.Issuer
	redirect  url.URL // with the listener's port
	state     helper.Secret
	responses chan response // receives the first response

	authorize string // the URL of the authorization request

	start *startAddress // nil if no browser is opened on this computer
	// peer returns the user at the other end of a connection; nil means unknown.
	peer   func(ctx context.Context, local, remote netip.AddrPort) peeruser.User
	warn   func(string) // may be nil
	noteMu sync.Mutex
	notes  map[string]bool // already passed to warn

	once  sync.Once
	ended chan struct{} // closed when err is set
	err   error
}

func newAttempt(iss helper.Issuer, redirect url.URL, state helper.Secret) *attempt {
	return &attempt{
		iss: iss, redirect: redirect, state: state,
		responses: make(chan response, 1), ended: make(chan struct{}), notes: map[string]bool{},
	}
}

// finish shows the result of the sign-in on the waiting pages.
func (a *attempt) finish(err error) {
	a.err = err
	close(a.ended)
}

// serve handles the listener's connections until stop is called, which lets pages that are being written finish.
func (a *attempt) serve(l net.Listener) (stop func(context.Context)) {
	server := &http.Server{
		Handler:           a,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      pageTime + closeTime,
		MaxHeaderBytes:    4 * maxQuery,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	server.SetKeepAlivesEnabled(false)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.respond(response{err: fmt.Errorf("listen for the browser's answer: %w", err)})
		}
	}()
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, closeTime)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // closes idle and slow connections
		}
	}
}

// respond delivers the response; later ones are ignored.
func (a *attempt) respond(r response) {
	a.once.Do(func() { a.responses <- r })
}

// ServeHTTP implements [http.Handler].
func (a *attempt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != a.redirect.Host:
		// DNS rebinding: another site's page uses a name that resolves to this machine.
		show(w, http.StatusBadRequest, "This address is not answered here.")
	case !a.isStart(r.URL.EscapedPath()) && r.URL.EscapedPath() != a.redirect.EscapedPath():
		show(w, http.StatusNotFound, "There is nothing here.")
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		show(w, http.StatusMethodNotAllowed, "Only GET is answered here.")
	case a.isStart(r.URL.EscapedPath()):
		a.serveStart(w, r)
	default:
		a.callback(w, r)
	}
}

func (a *attempt) callback(w http.ResponseWriter, r *http.Request) {
	query, err := parseQuery(r.URL.RawQuery)
	if err != nil || !helper.NewSecret(query.Get("state")).Equal(a.state) {
		show(w, http.StatusBadRequest, "This is not the answer that the sign-in waits for.")
		return
	}
	if !a.mayAnswer(w, r) {
		return
	}
	a.respond(a.readResponse(query))
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	select {
	case <-ctx.Done():
		show(w, http.StatusGatewayTimeout, "The sign-in takes long. The terminal tells how it ends.")
	case <-a.ended:
		if a.err != nil {
			show(w, http.StatusBadRequest, "The sign-in did not work. The terminal tells why. You can close this tab.")
			return
		}
		show(w, http.StatusOK, "You are signed in. You can close this tab.")
	}
}

var errQuery = errors.New("the query is not one of an authorization response")

// parseQuery rejects duplicate parameters, as RFC 6749 section 3.1 requires, and queries that are too long.
func parseQuery(raw string) (url.Values, error) {
	if len(raw) > maxQuery {
		return nil, errQuery
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errQuery
	}
	for _, values := range query {
		if len(values) != 1 {
			return nil, errQuery
		}
	}
	return query, nil
}

// readResponse returns the response in a query with the right state. The issuer is checked first, even for an error
// (RFC 9207 section 2.4).
func (a *attempt) readResponse(query url.Values) response {
	iss, code := query.Get("iss"), query.Get("code")
	host := a.iss.AuthorizationEndpoint
	switch {
	case query.Has("iss") && !refresh.SameIssuer(a.iss, iss):
		return response{err: refresh.NewIssuerNameError("the browser's answer", iss, a.iss)}
	case a.iss.IssRequired && !query.Has("iss"):
		return response{err: fmt.Errorf("the browser's answer is %w: it lacks the iss that this issuer always sends; "+
			"start the sign-in again", helper.ErrRejected)}
	case query.Has("error"):
		e := refresh.NewEndpointError(host, 0, query.Get("error"), query.Get("error_description"))
		return response{err: fmt.Errorf("sign in: %w: %w", e, errorKind(e.Code))}
	case code == "":
		return response{err: fmt.Errorf("the browser's answer is %w: it has neither a code nor an error; start the "+
			"sign-in again", helper.ErrRejected)}
	}
	return response{code: helper.NewSecret(code)}
}

// errorKind distinguishes a refusal from a temporary error (RFC 6749 section 4.1.2.1).
func errorKind(code string) error {
	if slices.Contains([]string{"server_error", "temporarily_unavailable"}, code) {
		return helper.ErrTemporary
	}
	return helper.ErrSignInRequired
}
