//go:build unix && !linux

package safefile

// hasAccessList returns false: on other systems access lists do not change the mode.
func hasAccessList(string) bool { return false }
