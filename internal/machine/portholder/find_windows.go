package portholder

import (
	"context"
	"os/exec"
	"strconv"
)

func find(ctx context.Context, port uint16) (Holder, bool) {
	out, err := exec.CommandContext(ctx, "netstat", "-ano", "-p", "TCP").Output()
	if err != nil {
		return Holder{}, false
	}
	pid, ok := parseNetstat(string(out), port)
	if !ok {
		return Holder{}, false
	}
	filter := "PID eq " + strconv.Itoa(pid)
	//nolint:gosec // a number; a missing name is fine
	list, _ := exec.CommandContext(ctx, "tasklist", "/FI", filter, "/FO", "CSV", "/NH").Output()
	return Holder{PID: pid, Name: parseTasklist(string(list))}, true
}
