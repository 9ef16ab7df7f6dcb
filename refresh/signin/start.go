package signin

import (
	"crypto/subtle"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/codex-cred/codex-cred/internal/machine/peeruser"
)

const (
	startPrefix = "/start/"
	// cookieSeconds is longer than any sign-in takes.
	cookieSeconds = 600
)

// A startAddress is the one-time address that a browser is given in its arguments, which every user of the computer can
// read. It redirects to the authorization request. The browser that opens it first gets a cookie, and only that browser
// may open it again.
type startAddress struct {
	path   string
	cookie string // of the first browser

	mu     sync.Mutex
	opened bool
	proven bool // the system confirmed that this user opened it
}

// newStartAddress creates an address and its cookie at random.
func newStartAddress(random io.Reader) (*startAddress, error) {
	path, err := randomSecret(random)
	if err != nil {
		return nil, err
	}
	cookie, err := randomSecret(random)
	return &startAddress{path: startPrefix + path.Reveal(), cookie: cookie.Reveal()}, err
}

// A verdict is the decision about a request for the start address.
type verdict int

const (
	lead       verdict = iota // redirect to the authorization request
	refuse                    // another browser came first, and belongs to this user
	refuseBoth                // another browser came first, and its user is unknown
)

// open decides about a request with the given cookie.
func (s *startAddress) open(of peeruser.Relation, cookie string) verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.opened:
		s.opened, s.proven = true, of == peeruser.Self
		return lead
	case equal(s.cookie, cookie):
		return lead
	case s.proven:
		return refuse
	}
	return refuseBoth
}

// isFirstBrowser reports whether the browser with the cookie may deliver the response. Until the address is opened only
// the terminal has the state, so no cookie is needed.
func (s *startAddress) isFirstBrowser(cookie string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.opened || equal(s.cookie, cookie)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// cookieName contains the port: cookies are shared by all ports of a host, and two sign-ins may run at once.
func (a *attempt) cookieName() string { return "codex-cred-" + a.redirect.Port() }

// cookieOf returns the value of the attempt's cookie in the request.
func (a *attempt) cookieOf(r *http.Request) string {
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// serveStart handles a request for the start address.
func (a *attempt) serveStart(w http.ResponseWriter, r *http.Request) {
	peer := a.peerOf(r)
	if strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") {
		show(w, http.StatusServiceUnavailable, "This address is opened by a person, once.")
		return
	}
	if !isAllowed(peer.Relation) {
		a.noteOther(peer, "open")
		show(w, http.StatusForbidden, pageForeign)
		return
	}
	switch a.start.open(peer.Relation, a.cookieOf(r)) {
	case lead:
	case refuse:
		a.note("warning: another browser opened the one-time address of this sign-in again and was refused; " +
			"go on in the first one, or visit the address above")
		show(w, http.StatusForbidden, "This sign-in was opened already. Go on there, or visit the address that the "+
			"terminal shows.")
		return
	case refuseBoth:
		a.respond(response{err: errTwoBrowsers()})
		show(w, http.StatusForbidden, "Another program opened this sign-in before you. It is stopped; start it again.")
		return
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // not Secure: the listener speaks http, on loopback
		Name: a.cookieName(), Value: a.start.cookie, Path: "/", MaxAge: cookieSeconds,
		HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	w.Header().Set("Location", a.authorize)
	show(w, http.StatusSeeOther, "Go on at the sign-in page.")
}

// isStart reports whether the path is the start address.
func (a *attempt) isStart(path string) bool { return a.start != nil && equal(path, a.start.path) }

// startURL returns the URL of the start address. Its host is that of the redirect URI, so that the browser sends the
// cookie there.
func (a *attempt) startURL() string {
	u := a.redirect
	u.Path, u.RawPath = a.start.path, ""
	return u.String()
}
