package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log" //nolint:depguard // http.Server takes no other
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
	// pageTime bounds how long a browser waits for the page, which tells how
	// the exchange of the code ended.
	pageTime = 100 * time.Second
	// closeTime bounds the wait for the last page to leave.
	closeTime = time.Second
)

// A response is the authorization response: a code, or why there is none.
type response struct {
	code helper.Secret
	err  error
}

// An attempt is one sign-in, and the HTTP handler of its callback. What does
// not prove by the state that it belongs to the attempt changes nothing.
type attempt struct {
	iss       helper.Issuer
	redirect  url.URL // with the port that is listened on
	state     helper.Secret
	responses chan response // the first response of the attempt

	authorize string // the URL of the authorization request

	start *startAddress // nil if no browser is opened on this computer
	// peer returns the user at the other end of a connection; nil: unknown.
	peer   func(ctx context.Context, local, remote netip.AddrPort) peeruser.User
	warn   func(string) // nil: silently
	noteMu sync.Mutex
	notes  map[string]bool // that the person has been told

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

// finish lets the waiting pages tell how the sign-in ended.
func (a *attempt) finish(err error) {
	a.err = err
	close(a.ended)
}

// serve answers on the listener until stop is called, which lets pages that
// are being written leave.
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
			_ = server.Close() // cuts who is idle or slow to read; nothing is lost by it
		}
	}
}

// respond ends the wait for a response; later ones are ignored.
func (a *attempt) respond(r response) {
	a.once.Do(func() { a.responses <- r })
}

// ServeHTTP implements [http.Handler].
func (a *attempt) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Host != a.redirect.Host:
		// A name that resolves to this machine, on another site's page.
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

// parseQuery refuses what RFC 6749 section 3.1 forbids, parameters that are
// there twice, and what is longer than any answer.
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

// readResponse takes the response out of a query whose state is right. Its issuer is
// checked first, also of an error (RFC 9207 section 2.4).
func (a *attempt) readResponse(query url.Values) response {
	iss, code := query.Get("iss"), query.Get("code")
	host := a.iss.AuthorizationEndpoint
	switch {
	case query.Has("iss") && !refresh.SameIssuer(a.iss, iss):
		return response{err: refresh.NewIssuerNameError("the browser's answer", iss, a.iss)}
	case a.iss.IssRequired && !query.Has("iss"):
		return response{err: fmt.Errorf("the browser's answer is %w: it lacks the iss that this issuer always sends; start the sign-in again", helper.ErrRejected)}
	case query.Has("error"):
		e := refresh.NewEndpointError(host, 0, query.Get("error"), query.Get("error_description"))
		return response{err: fmt.Errorf("sign in: %w: %w", e, errorKind(e.Code))}
	case code == "":
		return response{err: fmt.Errorf("the browser's answer is %w: it has neither a code nor an error; start the sign-in again", helper.ErrRejected)}
	}
	return response{code: helper.NewSecret(code)}
}

// errorKind tells refusals from troubles (RFC 6749 section 4.1.2.1).
func errorKind(code string) error {
	if slices.Contains([]string{"server_error", "temporarily_unavailable"}, code) {
		return helper.ErrTemporary
	}
	return helper.ErrSignInRequired
}
