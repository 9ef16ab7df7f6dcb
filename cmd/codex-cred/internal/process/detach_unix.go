//go:build !windows

package process

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
)

// Executable returns a path that runs this program. On Linux it does so even if
// the file was replaced or deleted since the start.
func Executable() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// StartDetached starts the process in its own session, without the open files
// of this process: a pipe that stayed open would make its reader wait for the
// new process.
func StartDetached(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	descriptors, _ := os.ReadDir("/dev/fd") // without /dev/fd there is no list of open files
	for _, entry := range descriptors {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
	return cmd.Start()
}
