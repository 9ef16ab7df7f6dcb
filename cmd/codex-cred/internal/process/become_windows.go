package process

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
)

// Become runs the program and returns its exit code as an error. Ctrl-C reaches
// both processes; the program decides what to do.
func Become(path string, args, environment []string) error {
	signal.Ignore(os.Interrupt)
	cmd := exec.Command(path, args[1:]...) //nolint:gosec,noctx // what the user asked for, without a time limit
	cmd.Args, cmd.Env = args, environment
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if ended := (*exec.ExitError)(nil); errors.As(err, &ended) {
		return fault.Reported(fault.ExitWith(ended.ExitCode(), err))
	}
	return err
}
