//go:build !linux

package safefile

import "os"

// groupIDs returns the real and the effective group of the process, which are equal on systems
// without groups.
func groupIDs() (gid, egid int) { return os.Getgid(), os.Getegid() }
