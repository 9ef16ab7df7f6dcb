//go:build !linux && !windows

package peeruser

import (
	"context"
	"net/netip"
	"os/exec"
	"strconv"
)

// lookup runs lsof. Without root it lists the user's own processes only, so a connection that is
// not listed has an unknown user.
func lookup(ctx context.Context, local, remote netip.AddrPort) User {
	place := "-iTCP:" + strconv.Itoa(int(remote.Port()))
	//nolint:gosec // a number
	out, err := exec.CommandContext(ctx, "lsof", "-nP", place, "-sTCP:ESTABLISHED", "-Funp").Output()
	if err != nil {
		return User{}
	}
	return userOfUID(parseLsof(string(out), local, remote))
}
