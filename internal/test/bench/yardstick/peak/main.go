//go:build unix

// Command peak runs the program in its arguments, writes its largest resident set to descriptor 3,
// in the unit of getrusage, and exits with its status. A process inherits the peak of its parent,
// so this program is small.
package main

import (
	"os"
	"strconv"
	"syscall"
)

func main() {
	pid, err := syscall.ForkExec(os.Args[1], os.Args[1:], &syscall.ProcAttr{Env: syscall.Environ(), Files: []uintptr{0, 1, 2}}) //nolint:gosec // what it is for
	if err != nil {
		os.Exit(127)
	}
	var (
		status syscall.WaitStatus
		usage  syscall.Rusage
	)
	if _, err := syscall.Wait4(pid, &status, 0, &usage); err != nil {
		os.Exit(126)
	}
	most := int64(usage.Maxrss) //nolint:unconvert // it has 32 bits elsewhere
	if _, err := syscall.Write(3, strconv.AppendInt(nil, most, 10)); err != nil {
		os.Exit(125)
	}
	os.Exit(status.ExitStatus())
}
