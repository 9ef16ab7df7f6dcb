package safefile

import (
	"os"

	"golang.org/x/sys/unix"
)

// atSecure is AT_SECURE of getauxval(3).
const atSecure = 23

// groupIDs returns the real and the effective group of the process. If the kernel started the
// process without additional rights they are equal and not asked for: every get calls this.
func groupIDs() (gid, egid int) {
	vector, _ := unix.Auxv() // without it the system calls follow
	for _, entry := range vector {
		if entry[0] == atSecure && entry[1] == 0 {
			return 0, 0
		}
	}
	return os.Getgid(), os.Getegid()
}
