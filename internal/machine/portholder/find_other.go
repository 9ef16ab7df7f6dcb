//go:build !linux && !windows

package portholder

import (
	"context"
	"os/exec"
	"strconv"
)

func find(ctx context.Context, port uint16) (Holder, bool) {
	place := "-iTCP:" + strconv.Itoa(int(port))
	out, err := exec.CommandContext(ctx, "lsof", "-nP", place, "-sTCP:LISTEN", "-Fpc").Output() //nolint:gosec // a number
	if err != nil {
		return Holder{}, false
	}
	return parseLsof(string(out))
}
