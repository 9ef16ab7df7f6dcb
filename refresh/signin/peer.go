package signin

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/peeruser"
)

const pageForeign = "This sign-in belongs to another user of this computer."

// peerOf returns the user of the browser; unknown if the system does not report it.
func (a *attempt) peerOf(r *http.Request) peeruser.User {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if a.peer == nil || !ok {
		return peeruser.User{}
	}
	local, err := netip.ParseAddrPort(addr.String())
	remote, remoteErr := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || remoteErr != nil {
		return peeruser.User{}
	}
	return a.peer(r.Context(), local, remote)
}

// isAllowed reports whether the user's browser may be served. If the browser has closed its end of the connection its
// user is unknown, and it reads no response.
func isAllowed(of peeruser.Relation) bool { return of != peeruser.Other && of != peeruser.Gone }

// mayAnswer reports whether the browser, which has the right state, may deliver the response; if not, it sends an error
// page. If the system does not confirm that the browser belongs to this user, it must be the one that opened the start
// address.
func (a *attempt) mayAnswer(w http.ResponseWriter, r *http.Request) bool {
	peer := a.peerOf(r)
	switch {
	case peer.Relation == peeruser.Self:
		return true
	case !isAllowed(peer.Relation):
		a.noteOther(peer, "complete")
		show(w, http.StatusForbidden, pageForeign)
	case a.start != nil && !a.start.isFirstBrowser(a.cookieOf(r)):
		a.note("a browser that did not open this sign-in, of an unknown user, tried to complete it and was refused; " +
			"sign in with the browser that was opened")
		show(w, http.StatusForbidden, "Another browser began this sign-in. Go on there.")
	default:
		return true
	}
	return false
}

// noteOther warns the person about an attempt of another user.
func (a *attempt) noteOther(other peeruser.User, tried string) {
	if other.Relation == peeruser.Other {
		a.note(fmt.Sprintf("warning: %s of this computer tried to %s this sign-in and was refused; yours goes on", other,
			tried))
	}
}

// maxNotes limits the number of warnings that others can cause.
const maxNotes = 8

// note passes a warning to the person, once.
func (a *attempt) note(text string) {
	a.noteMu.Lock()
	defer a.noteMu.Unlock()
	if a.warn == nil || a.notes[text] || len(a.notes) >= maxNotes {
		return
	}
	a.notes[text] = true
	a.warn(text)
}

// errTwoBrowsers returns the error of a sign-in that another user may have opened.
func errTwoBrowsers() error {
	return fmt.Errorf("two browsers opened this sign-in, and the system does not say which is yours: %w; start the "+
		"sign-in again", helper.ErrRejected)
}
