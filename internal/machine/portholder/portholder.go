// Package portholder finds out which program listens on a port of this machine,
// so that a person knows which one to close. Start with [Find].
//
// It looks and touches nothing. What the system does not say stays unknown: of
// other users' programs Linux names the user alone.
package portholder

import (
	"context"
	"time"
)

// A Holder is the program that listens on a port.
type Holder struct {
	PID int // 0 if it is not known, as of programs of other users
	// Name as the program gives it: it is text from outside.
	Name string
	// User is the account that runs it, by name or else by uid; empty if it is not known.
	User string
}

// queryTimeout bounds what a program of the system may take.
const queryTimeout = 2 * time.Second

// Find returns who listens on the TCP port of loopback, and whether that could
// be found out. It may run a program of the system, for two seconds.
func Find(ctx context.Context, port uint16) (Holder, bool) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	h, ok := find(ctx, port)
	return h, ok && (h.PID > 0 || h.User != "")
}
