package peeruser

import (
	"encoding/binary"
	"net/netip"
)

// process4 returns the process at the other end of a connection from a MIB_TCPTABLE_OWNER_PID: rows
// of state, local address and port, remote address and port, and process, 32 bits each. Addresses
// and the low 16 bits of ports are in network byte order.
func process4(table []byte, local, remote netip.AddrPort) (pid uint32, ok bool) {
	const row = 24
	for b := range rows(table, row) {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), binary.BigEndian.Uint16(b[8:]))
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), binary.BigEndian.Uint16(b[16:]))
		if from == remote && to == local {
			return binary.LittleEndian.Uint32(b[20:]), true
		}
	}
	return 0, false
}

// process6 is process4 for a MIB_TCP6TABLE_OWNER_PID: rows of local address (16 bytes), scope and
// port, the same of the remote end, state and process.
func process6(table []byte, local, remote netip.AddrPort) (pid uint32, ok bool) {
	const row = 56
	for b := range rows(table, row) {
		from := netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[:16])), binary.BigEndian.Uint16(b[20:]))
		to := netip.AddrPortFrom(netip.AddrFrom16([16]byte(b[24:40])), binary.BigEndian.Uint16(b[44:]))
		if unmapAddress(from) == remote && unmapAddress(to) == local {
			return binary.LittleEndian.Uint32(b[52:]), true
		}
	}
	return 0, false
}

// rows yields the rows of a table that begins with their number.
func rows(table []byte, size int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if len(table) < 4 {
			return
		}
		n := binary.LittleEndian.Uint32(table)
		for table = table[4:]; n > 0 && len(table) >= size && yield(table[:size]); n-- {
			table = table[size:]
		}
	}
}
