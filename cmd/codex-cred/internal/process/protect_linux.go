package process

import "golang.org/x/sys/unix"

// protect keeps the tokens in memory out of core files and away from debuggers of
// other processes of the user, and what this process makes away from other users. A
// failure leaves the system's defaults. Undo gives back what a program of the
// person's would inherit; it can be read and dumped again as soon as it runs.
func protect() (undo func()) {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	mask := unix.Umask(ownMask)
	return func() { unix.Umask(mask) }
}
