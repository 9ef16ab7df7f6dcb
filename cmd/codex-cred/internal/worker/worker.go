// Package worker is the process that refreshes: [Start] starts it from a caller, which it may
// outlive, and [Worker] is the process itself.
package worker

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// Command is the name of a command that only this program runs:
	//
	//	codex-cred refresh-worker ACCOUNT GENERATION REASON foreground|background
	Command = "refresh-worker"
	// Foreground is the mode of a worker whose caller waits.
	Foreground = "foreground"
	// Background is the mode of one whose caller has a valid token.
	Background = "background"

	// MaxTime ends a worker, whatever it waits for. This and the times below
	// are of running time: a worker that was stopped goes on where it was.
	MaxTime = 150 * time.Second
	// sendTime is by when it must have sent its request, or sends none: the
	// longest call of the issuer and the tries to store what it answered fit
	// into the rest.
	sendTime = 45 * time.Second
	// agingSendTime is the same where the caller waits though its token is good: after
	// that nothing is sent, so that the caller can end.
	agingSendTime = 5 * time.Second
	// tryTime is by when the last try to store a credential must have begun, so
	// that a slow keychain has the time to take it.
	tryTime = MaxTime - 15*time.Second
)

// Start starts a process that refreshes and that nothing which ends this
// one ends: it has a session of its own, no terminal, and no file of the
// caller's. It replies on the pipe.
func Start(d helper.Demand, inBackground bool) (io.ReadCloser, error) {
	path, err := process.Executable()
	if err != nil {
		return nil, err
	}
	mode := Foreground
	if inBackground {
		mode = Background
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = write.Close() }()
	cmd := exec.Command(path) //nolint:gosec,noctx // this program, which must outlive the caller
	cmd.Args = []string{"codex-cred", Command, d.Account, strconv.FormatUint(d.Generation, 10), string(d.Reason), mode}
	cmd.Stdout = write
	cmd.Dir = string(os.PathSeparator)
	cmd.Env = process.WorkerEnvironment(os.Environ())
	if err := process.StartDetached(cmd); err != nil {
		_ = read.Close()
		return nil, err
	}
	return read, cmd.Process.Release()
}

// A Worker is the process that refreshes for a caller, which it may outlive.
type Worker struct {
	// Home is that of the worker's command.
	Home home.Config
	// Out is the pipe on which the caller waits for the reply.
	Out io.Writer
	// At is for tests, see [refresh.Rotation].
	At func(step string) error
	// Report prints what is wrong with the arguments.
	Report func(error)
}

// Run refreshes as the arguments say and returns the exit code. Signals that ask a
// program to end do not end it: its caller may be gone, and the answer is for the next
// one.
func (w Worker) Run(args []string) int {
	signal.Ignore(append(process.EndSignals(), syscall.SIGHUP, syscall.SIGPIPE)...)
	running := w.Home.Running
	running.AfterFunc(MaxTime, func() { os.Exit(exit.Temporary) })
	d, mode, err := parseWork(args)
	if err != nil {
		w.Report(err)
		return exit.Usage
	}
	h, err := home.Open(w.Home)
	if err != nil {
		return exit.Other // the caller has had the same error
	}
	defer h.FlushLog()
	ctx, cancel := running.WithTimeout(context.Background(), tryTime)
	defer cancel()
	c := caller{Writer: w.Out, leave: func() {}}
	if mode == Background {
		var ok bool
		if c.leave, ok = h.EnterGate(d.Account); !ok {
			return exit.Busy
		}
	}
	if err := w.rotation(h, d, mode).Serve(requestlog.About(ctx, d.Account), d, c); err != nil {
		return exit.Other
	}
	return exit.OK
}

// rotation returns the rotation for the demand. Where the token is still good nobody
// tries again soon when the issuer cannot be reached.
func (w Worker) rotation(h *home.Home, d helper.Demand, mode string) *refresh.Rotation {
	r := h.Rotation(w.At)
	r.SendTime = sendTime
	r.Locker = h.Flushing(refresh.NewWorkLock(h.Locks.RequireRoot()))
	if mode == Background || d.Reason == helper.ReasonAging {
		r.UnreachablePause = time.Minute
	}
	if mode == Foreground && d.Reason == helper.ReasonAging {
		r.SendTime = agingSendTime
	}
	return r
}

// A caller waits for the worker's reply until the pipe is closed; those who
// would follow a worker in the background, until it leaves the gate.
type caller struct {
	io.Writer
	leave func()
}

// Close lets them go.
func (c caller) Close() error {
	c.leave()
	if pipe, ok := c.Writer.(io.Closer); ok {
		return pipe.Close()
	}
	return nil
}

func parseWork(args []string) (d helper.Demand, mode string, err error) {
	if len(args) != 4 || args[3] != Foreground && args[3] != Background {
		return d, "", fault.Usage("%s is for codex-cred itself", Command)
	}
	generation, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return d, "", fault.Usage("%s is for codex-cred itself", Command)
	}
	return helper.Demand{
		Account: args[0], Generation: generation, Reason: helper.Reason(args[2]),
	}, args[3], helper.CheckName(args[0])
}
