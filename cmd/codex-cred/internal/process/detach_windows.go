package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// Executable returns the path of this program.
func Executable() (string, error) { return os.Executable() }

// StartDetached starts the process without a console, in its own process group
// and outside the caller's job, which may end with the caller. If the job
// allows no breakaway, the process stays in it.
func StartDetached(cmd *exec.Cmd) error {
	const alone = windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP
	inside := *cmd
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: alone | windows.CREATE_BREAKAWAY_FROM_JOB}
	err := cmd.Start()
	if !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		return err
	}
	inside.SysProcAttr = &syscall.SysProcAttr{CreationFlags: alone}
	err = inside.Start()
	cmd.Process = inside.Process
	return err
}
