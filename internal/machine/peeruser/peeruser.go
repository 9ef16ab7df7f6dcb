// Package peeruser finds the user of this computer at the other end of a TCP connection on
// loopback. Start with [Lookup].
//
// It reads the system's table of connections. A connection from elsewhere, through a tunnel of
// another network namespace or of a virtual machine, is in no table: its user is [Unknown].
package peeruser

import (
	"context"
	"net/netip"
	"os/user"
	"time"
)

// A Relation is the relation of the user at the other end to this process.
type Relation int

// The relations. Only Self proves that the other end is the same user.
const (
	Unknown Relation = iota // the system does not report it
	Self
	System // root, or Windows' LocalSystem: tunnels often run as it
	Other  // another user
	// Gone means that the other end is closed. The system no longer reports its user, and no answer
	// can reach it. A program may close its end early to hide its user.
	Gone
)

// A User is the user at the other end of a connection.
type User struct {
	Relation Relation
	// ID is the uid in decimal, or the SID; empty if unknown.
	ID string
	// Name is the account's name, which is untrusted text; empty if there is none.
	Name string
}

// queryTimeout limits a system program.
const queryTimeout = 3 * time.Second

// Lookup returns the user at the other end of an accepted connection. The addresses are the
// connection's local and remote ones as this process sees them. It may run a system program, for
// three seconds.
func Lookup(ctx context.Context, local, remote netip.AddrPort) User {
	local, remote = unmapAddress(local), unmapAddress(remote)
	if !local.IsValid() || !remote.IsValid() {
		return User{}
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return lookup(ctx, local, remote)
}

// String returns the user for a message, such as `user 1001 (mallory)`.
func (u User) String() string {
	switch {
	case u.ID == "":
		return "an unknown user"
	case u.Name == "":
		return "user " + u.ID
	}
	return "user " + u.ID + " (" + u.Name + ")"
}

// unmapAddress returns an IPv4 address that is mapped to IPv6 as IPv4.
func unmapAddress(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// accountName returns the name of an account by its uid.
func accountName(id string) string {
	account, err := user.LookupId(id)
	if err != nil {
		return "" // an account without a name
	}
	return account.Username
}
