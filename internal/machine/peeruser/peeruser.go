// Package peeruser finds out which user of this computer is at the other end of
// a TCP connection on loopback. Start with [Lookup].
//
// It reads the system's table of connections, and changes nothing. A connection
// that comes from elsewhere, through a tunnel of another network namespace or of
// a virtual machine, is in no table: its user is [Unknown].
package peeruser

import (
	"context"
	"net/netip"
	"os/user"
	"time"
)

// A Relation is what the user at the other end is to this process.
type Relation int

// The relations. Only Self is proof that the other end is the same user.
const (
	Unknown Relation = iota // the system does not say
	Self
	System // root, or Windows' LocalSystem: tunnels often run as it
	Other  // another user
	// Gone: the other end is closed. The system no longer says whose it was, and
	// no answer can reach it. A program may close its end early to hide its user.
	Gone
)

// A User is at the other end of a connection.
type User struct {
	Relation Relation
	// ID is the uid or SID in decimal or string form; empty if it is not known.
	ID string
	// Name is the name of the account, text from outside; empty if there is none.
	Name string
}

// queryTimeout bounds how long a program of the system may take.
const queryTimeout = 3 * time.Second

// Lookup returns the user of the other end of an accepted connection, whose local
// and remote addresses are as this process sees them. It may run a program of
// the system, for three seconds.
func Lookup(ctx context.Context, local, remote netip.AddrPort) User {
	local, remote = unmapAddress(local), unmapAddress(remote)
	if !local.IsValid() || !remote.IsValid() {
		return User{}
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return lookup(ctx, local, remote)
}

// String names the user for a message, such as `user 1001 (mallory)`.
func (u User) String() string {
	switch {
	case u.ID == "":
		return "an unknown user"
	case u.Name == "":
		return "user " + u.ID
	}
	return "user " + u.ID + " (" + u.Name + ")"
}

// unmapAddress returns the address as IPv4 if it is one in the form of IPv6.
func unmapAddress(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// accountName looks up the name of an account by its uid.
func accountName(id string) string {
	account, err := user.LookupId(id)
	if err != nil {
		return "" // an account without a name
	}
	return account.Username
}
