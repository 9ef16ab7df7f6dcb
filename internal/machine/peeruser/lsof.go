package peeruser

import (
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// parseLsof returns the uid of the process at the other end of the connection, from the output of
// lsof -Fun: a line for the uid of each process (u) and for both ends of each socket (n, FROM->TO).
// It returns "" if there is none.
func parseLsof(out string, local, remote netip.AddrPort) (uid string) {
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "u"):
			uid = line[1:]
		case strings.HasPrefix(line, "n"):
			from, to, _ := strings.Cut(line[1:], "->")
			a, errA := netip.ParseAddrPort(from)
			b, errB := netip.ParseAddrPort(to)
			if errA == nil && errB == nil && unmapAddress(a) == remote && unmapAddress(b) == local {
				return uid
			}
		}
	}
	return ""
}

// userOfUID returns the user with the uid, which is empty if unknown.
func userOfUID(uid string) User {
	switch uid {
	case "":
		return User{}
	case strconv.Itoa(os.Geteuid()):
		return User{Relation: Self, ID: uid}
	case "0":
		return User{Relation: System, ID: uid, Name: accountName(uid)}
	}
	return User{Relation: Other, ID: uid, Name: accountName(uid)}
}
