//go:build !linux

package peer

import "net"

// Of returns an unknown owner: this system is not asked.
func Of(*net.UnixConn) (Owner, error) { return Owner{}, nil }
