//go:build !windows

package process

import "syscall"

// Become replaces this process by the program, which keeps its terminal and
// receives its signals. It returns only on error.
func Become(path string, args, environment []string) error {
	return syscall.Exec(path, args, environment) //nolint:gosec // what the user asked for
}
