package peer

import (
	"net"
	"os"
	"syscall"
)

// Of returns the owner of the process that called listen on the other end (SO_PEERCRED, unix(7)),
// even if another process holds the socket now. It sends nothing.
func Of(conn *net.UnixConn) (Owner, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Owner{}, err
	}
	var (
		cred   *syscall.Ucred
		optErr error
	)
	err = raw.Control(func(fd uintptr) {
		cred, optErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	switch {
	case err != nil:
		return Owner{}, err
	case optErr != nil:
		return Owner{}, os.NewSyscallError("getsockopt", optErr)
	}
	return Owner{uid: int(cred.Uid), known: true}, nil
}
