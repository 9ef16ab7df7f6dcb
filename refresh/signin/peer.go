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

// peerOf returns the user of the browser. It is unknown where the system does not say.
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

// isAllowed reports whether a browser of that user may take part at all. A browser
// whose end of the connection is closed hides its user and reads no answer.
func isAllowed(of peeruser.Relation) bool { return of != peeruser.Other && of != peeruser.Gone }

// mayAnswer decides whether the browser may bring the answer, of which it has the
// state. Where the system does not say that it is this user's, it must be the
// browser that opened the start address.
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

// noteOther tells the person what another user tried.
func (a *attempt) noteOther(other peeruser.User, tried string) {
	if other.Relation == peeruser.Other {
		a.note(fmt.Sprintf("warning: %s of this computer tried to %s this sign-in and was refused; yours goes on", other, tried))
	}
}

// maxNotes bounds what others can make the sign-in say.
const maxNotes = 8

// note tells the person, once, what others tried.
func (a *attempt) note(text string) {
	a.noteMu.Lock()
	defer a.noteMu.Unlock()
	if a.warn == nil || a.notes[text] || len(a.notes) >= maxNotes {
		return
	}
	a.notes[text] = true
	a.warn(text)
}

// errTwoBrowsers is the end of a sign-in that somebody else may have opened.
func errTwoBrowsers() error {
	return fmt.Errorf("two browsers opened this sign-in, and the system does not say which is yours: %w; start the sign-in again", helper.ErrRejected)
}
