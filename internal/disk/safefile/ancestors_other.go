//go:build unix && !linux

package safefile

// hasAccessList: elsewhere access lists are not mixed into the mode.
func hasAccessList(string) bool { return false }
