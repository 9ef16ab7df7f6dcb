package portholder

import (
	"context"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// listening is the state of a socket in /proc/net/tcp, see proc_pid_net(5).
const listening = "0A"

func find(_ context.Context, port uint16) (Holder, bool) {
	var hidden Holder // a program of another user
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		content, err := os.ReadFile(table) //nolint:gosec // one of the two above
		if err != nil {
			continue
		}
		for _, s := range sockets(string(content), port) {
			h := owner("socket:[" + s.inode + "]")
			h.User = userName(s.uid)
			if h.PID > 0 {
				return h, true
			}
			hidden = h
		}
	}
	return hidden, hidden.User != ""
}

// userName returns the name of the account, or the uid if it has none.
func userName(uid string) string {
	account, err := user.LookupId(uid)
	if err != nil {
		return uid
	}
	return account.Username
}

// A socket is a line of the table.
type socket struct{ uid, inode string }

// sockets returns the table's sockets that listen on the port.
func sockets(table string, port uint16) []socket {
	const address, state, uid, inode = 1, 3, 7, 9
	var found []socket
	for line := range strings.Lines(table) {
		columns := strings.Fields(line)
		if len(columns) <= inode || columns[state] != listening {
			continue
		}
		ip, hex, _ := strings.Cut(columns[address], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && uint16(n) == port && coversLoopback(ip) {
			found = append(found, socket{columns[uid], columns[inode]})
		}
	}
	return found
}

// coversLoopback reports whether a listener on the address, in the table's form, blocks a listener
// on loopback.
func coversLoopback(ip string) bool {
	const (
		loopback4 = "0100007F"
		loopback6 = "00000000000000000000000001000000"
		mapped4   = "0000000000000000FFFF00000100007F"
	)
	return strings.Trim(ip, "0") == "" || ip == loopback4 || ip == loopback6 || ip == mapped4
}

// owner returns the process that has the socket open, if this user may see it.
func owner(socket string) Holder {
	descriptors, _ := filepath.Glob("/proc/[0-9]*/fd/*") //nolint:forbidigo // the pattern contains no user's path
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err != nil || target != socket {
			continue
		}
		process := filepath.Dir(filepath.Dir(descriptor))
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(process, "comm")) //nolint:gosec // the name may be missing
		return Holder{PID: pid, Name: strings.TrimSpace(string(name))}
	}
	return Holder{}
}
