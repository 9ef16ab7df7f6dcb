// Package portholder finds the program that listens on a port of this computer, so that a person
// knows which one to close. Start with [Find].
//
// What the system does not report stays unknown: of another user's program Linux reports the user
// only.
package portholder

import (
	"context"
	"time"
)

// A Holder is the program that listens on a port.
type Holder struct {
	PID int // 0 if unknown, as of another user's program
	// Name is what the program calls itself. It is untrusted text.
	Name string
	// User is the account that runs it, by name or else by uid; empty if unknown.
	User string
}

// queryTimeout limits a system program.
const queryTimeout = 2 * time.Second

// Find returns the program that listens on the TCP port of loopback, and whether it could be found.
// It may run a system program, for two seconds.
func Find(ctx context.Context, port uint16) (Holder, bool) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	h, ok := find(ctx, port)
	return h, ok && (h.PID > 0 || h.User != "")
}
