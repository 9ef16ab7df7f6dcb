package safefile

import "golang.org/x/sys/unix"

// hasAccessList reports whether an access list (acl(5)) says more than the mode.
// Then the bits of the group are the most that anybody in the list has.
func hasAccessList(path string) bool {
	n, err := unix.Lgetxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}
