package process

import "golang.org/x/sys/unix"

// protect disables core files, which would hold the tokens in memory, and makes
// new files private to the user. If that fails, the system's defaults stay.
// undo restores what a program of the user's would inherit, so the hard limit
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
