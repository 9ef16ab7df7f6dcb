// Package peer returns the user that listens at the other end of a unix socket, as the kernel knows
// it. Start with [Of].
package peer

import (
	"os"
	"os/user"
	"strconv"
)

// An Owner is the user of a process that listens on a socket. The zero value is an owner that the
// system does not report.
type Owner struct {
	uid   int
	known bool
}

// Foreign reports whether the process is known to be another user's.
//
// In a user namespace the kernel reports every user from outside it as the overflow uid, usually
// 65534: such an owner is foreign unless this process has that uid.
func (o Owner) Foreign() bool { return o.known && o.uid != os.Geteuid() }

// Trusted reports whether the process may receive secrets of this user: it is the user's own, or
// root's, which can read them anyway. Only Linux reports an owner; elsewhere every process is
// trusted.
func (o Owner) Trusted() bool { return o.uid == 0 || !o.Foreign() }

// String returns the name of the user, or the uid if it has no name here.
func (o Owner) String() string {
	if !o.known {
		return "an unknown user"
	}
	uid := strconv.Itoa(o.uid)
	if u, err := user.LookupId(uid); err == nil {
		return "user " + strconv.Quote(u.Username)
	}
	return "uid " + uid
}
