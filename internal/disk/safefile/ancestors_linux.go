package safefile

import "golang.org/x/sys/unix"

// hasAccessList reports whether an access list (acl(5)) extends the mode. The group bits are then
// the maximum that any entry grants.
func hasAccessList(path string) bool {
	n, err := unix.Lgetxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}
