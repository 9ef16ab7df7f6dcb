//go:build !windows

package process

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// Executable returns the path of this program, which may have been replaced or
// deleted since it was started.
func Executable() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// StartDetached starts the process in a session of its own, with none of the files
// that the caller was given open: a pipe that it kept would let others wait for it.
func StartDetached(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	descriptors, _ := os.ReadDir("/dev/fd") // without it nobody knows of any
	for _, entry := range descriptors {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
	return cmd.Start()
}
