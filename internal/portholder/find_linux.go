package portholder

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listening is the state of a socket in /proc/net/tcp, see proc_pid_net(5).
const listening = "0A"

func find(_ context.Context, port uint16) (Holder, bool) {
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(table) //nolint:gosec // one of the two above
		if err != nil {
			continue
		}
		for _, inode := range inodes(string(content), port) {
			if h, ok := owner("socket:[" + inode + "]"); ok {
				return h, true
			}
		}
	}
	return Holder{}, false
}

// inodes returns the inodes of the table's sockets that listen on the port.
func inodes(table string, port uint16) []string {
	const address, state, inode = 1, 3, 9
	var found []string
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		if len(columns) <= inode || columns[state] != listening {
			continue
		}
		_, hex, _ := strings.Cut(columns[address], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && uint16(n) == port {
			found = append(found, columns[inode])
		}
	}
	return found
}

// owner returns the process that has the socket open, if it is ours to see.
func owner(socket string) (Holder, bool) {
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is right
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err != nil || target != socket {
			continue
		}
		process := filepath.Dir(filepath.Dir(descriptor))
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(process, "comm")) //nolint:gosec // a nameless process is one all the same
		return Holder{PID: pid, Name: strings.TrimSpace(string(name))}, true
	}
	return Holder{}, false
}
