//go:build !linux

package peer

import "net"

// Of returns an owner that is not known: on this system nobody asks.
func Of(*net.UnixConn) (Owner, error) { return Owner{}, nil }
