package peeruser

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// established is the state of a socket in /proc/net/tcp, see proc_pid_net(5).
const established = "01"

// lookup reads the tables a second time if the other end is missing: it may have closed between two
// lines of one reading.
func lookup(_ context.Context, local, remote netip.AddrPort) User {
	u := once(local, remote)
	if u.Relation == Unknown {
		u = once(local, remote)
	}
	return u
}

func once(local, remote netip.AddrPort) User {
	ours := false // whether this process's own end is there and has not received a FIN
	read := false
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(table) //nolint:gosec // one of the two above
		if err != nil {
			continue
		}
		read = true
		found, open := search(f, local, remote)
		_ = f.Close()
		if found.inode != "" {
			return found.user()
		}
		ours = ours || open
	}
	if ours || !read {
		return User{}
	}
	return User{Relation: Gone}
}

// A socket is a line of the table.
type socket struct{ uid, inode string }

// search returns the socket of the other end of the connection, and whether this end is
// established.
func search(table io.Reader, local, remote netip.AddrPort) (found socket, open bool) {
	const from, to, state, uid, inode = 1, 2, 3, 7, 9
	for lines := bufio.NewScanner(table); lines.Scan(); {
		columns := strings.Fields(lines.Text())
		if len(columns) <= inode {
			continue
		}
		a, okA := parseAddress(columns[from])
		b, okB := parseAddress(columns[to])
		switch {
		case !okA || !okB:
		case a == remote && b == local:
			return socket{columns[uid], columns[inode]}, open
		case a == local && b == remote && columns[state] == established:
			open = true
		}
	}
	return socket{}, open
}

// user returns the owner of the socket. A socket without a process has no inode, and the kernel
// reports root as its owner.
func (s socket) user() User {
	if s.inode == "0" {
		return User{Relation: Gone}
	}
	u := userOfUID(s.uid)
	if u.Relation == Other && unmappedUID(s.uid) {
		return User{}
	}
	return u
}

// unmappedUID reports whether the uid is the one that the kernel reports in a user namespace for
// users outside it, see user_namespaces(7).
func unmappedUID(uid string) bool {
	overflow, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	if err != nil || strings.TrimSpace(string(overflow)) != uid {
		return false
	}
	ranges, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && !hasUID(string(ranges), uid)
}

// hasUID reports whether a uid is in the ranges of a /proc/PID/uid_map.
func hasUID(ranges, uid string) bool {
	n, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return true
	}
	for line := range strings.Lines(ranges) {
		columns := strings.Fields(line)
		if len(columns) != 3 {
			continue
		}
		first, err := strconv.ParseUint(columns[0], 10, 32)
		count, err2 := strconv.ParseUint(columns[2], 10, 64)
		if err == nil && err2 == nil && n >= first && n-first < count {
			return true
		}
	}
	return false
}

// parseAddress parses ADDRESS:PORT of the table: 32-bit words in the byte order of the computer, in
// hexadecimal.
func parseAddress(text string) (netip.AddrPort, bool) {
	host, port, _ := strings.Cut(text, ":")
	words, err := hex.DecodeString(host)
	n, portErr := strconv.ParseUint(port, 16, 16)
	if err != nil || portErr != nil || len(words)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(words); i += 4 {
		binary.NativeEndian.PutUint32(words[i:], binary.BigEndian.Uint32(words[i:]))
	}
	ip, ok := netip.AddrFromSlice(words)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), ok
}
