package process

import "golang.org/x/sys/unix"

// protect leaves no core file, which would hold the tokens in memory, and keeps what
// this process makes away from other users. A failure leaves the system's defaults.
// Undo gives back what a program of the person's would inherit; so the hard limit
// stays as it is.
func protect() (undo func()) {
	var core unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_CORE, &core)
	if err == nil {
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Max: core.Max})
	}
	mask := unix.Umask(ownMask)
	return func() {
		unix.Umask(mask)
		if err == nil {
			_ = unix.Setrlimit(unix.RLIMIT_CORE, &core)
		}
	}
}
