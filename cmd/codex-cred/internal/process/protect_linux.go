package process

import "golang.org/x/sys/unix"

// protect keeps tokens in memory out of core files and away from other
// processes of the user, such as debuggers, and makes new files private to the
// user. If that fails, the system's defaults stay. undo restores what a program
// of the user's would inherit; such a program can be dumped again as soon as it
// runs.
func protect() (undo func()) {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	mask := unix.Umask(ownMask)
	return func() { unix.Umask(mask) }
}
