//go:build !linux

package safefile

import "os"

// groupIDs returns the group of the process and its effective one, which are the
// same where there are none.
func groupIDs() (gid, egid int) { return os.Getgid(), os.Getegid() }
