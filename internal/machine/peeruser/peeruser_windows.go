package peeruser

import (
	"context"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/windows"
)

// lookup finds the process at the other end and the user of that process. A process that Windows
// does not let this one query has an unknown user.
func lookup(_ context.Context, local, remote netip.AddrPort) User {
	table, err := connections(remote.Addr().Is4())
	if err != nil {
		return User{}
	}
	find := process4
	if !remote.Addr().Is4() {
		find = process6
	}
	pid, ok := find(table, local, remote)
	if !ok {
		return User{}
	}
	theirs, err := userOf(pid)
	if err != nil {
		return User{}
	}
	ours, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return User{}
	}
	id := theirs.User.Sid.String()
	switch {
	case theirs.User.Sid.Equals(ours.User.Sid):
		return User{Relation: Self, ID: id}
	case theirs.User.Sid.IsWellKnown(windows.WinLocalSystemSid):
		return User{Relation: System, ID: id, Name: accountName(id)}
	}
	return User{Relation: Other, ID: id, Name: accountName(id)}
}

// connections returns the table of GetExtendedTcpTable for TCP_TABLE_OWNER_PID_CONNECTIONS: the
// number of rows, and the rows.
func connections(v4 bool) ([]byte, error) {
	const ownerPIDConnections = 4
	family := uintptr(windows.AF_INET6)
	if v4 {
		family = windows.AF_INET
	}
	call := windows.NewLazySystemDLL("iphlpapi.dll").NewProc("GetExtendedTcpTable")
	if err := call.Find(); err != nil {
		return nil, err
	}
	size := uint32(16 << 10)
	for range 8 { // the table may grow between two calls
		table := make([]byte, size)
		//nolint:gosec // as the function is documented
		status, _, _ := call.Call(
			uintptr(unsafe.Pointer(&table[0])), uintptr(unsafe.Pointer(&size)), 0, family, ownerPIDConnections, 0)
		switch err := windows.Errno(status); err {
		case windows.ERROR_SUCCESS:
			return table, nil
		case windows.ERROR_INSUFFICIENT_BUFFER:
			size += size / 2
		default:
			return nil, err
		}
	}
	return nil, windows.ERROR_INSUFFICIENT_BUFFER
}

func userOf(pid uint32) (*windows.Tokenuser, error) {
	process, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, pid)
	if err != nil {
		return nil, err
	}
	defer func() { _ = windows.CloseHandle(process) }()
	var token windows.Token
	if err := windows.OpenProcessToken(process, windows.TOKEN_QUERY, &token); err != nil {
		return nil, err
	}
	defer func() { _ = token.Close() }()
	return token.GetTokenUser()
}
