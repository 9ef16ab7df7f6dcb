// Package worker is the process that refreshes. [Start] starts it from a
// caller, which it may outlive, and [Worker] is the process itself.
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
	// Command is the name of the command that Start runs. It is not for users:
	//
	//	codex-cred refresh-worker ACCOUNT GENERATION REASON foreground|background
	Command = "refresh-worker"
	// Foreground is the mode of a worker whose caller waits.
	Foreground = "foreground"
	// Background is the mode of a worker whose caller has a valid token.
	Background = "background"

	// MaxTime is when a worker ends, whatever it waits for. This and the times
	// below are running time: a worker that was suspended continues where it was.
	MaxTime = 150 * time.Second
	// sendTime is when a worker must have sent its request; after that it sends
	// none. The rest of MaxTime is enough for the longest call to the issuer and
	// for the attempts to store the answer.
	sendTime = 45 * time.Second
	// agingSendTime is the same if the caller waits although its token is valid.
	// Nothing is sent after it, so that the caller can return.
	agingSendTime = 5 * time.Second
	// tryTime is when the last attempt to store a credential must have begun. The
	// rest of MaxTime is for a slow keychain to store it.
	tryTime = MaxTime - 15*time.Second
)

// Start starts a process that refreshes and keeps running when this one is
// killed: it has its own session, no terminal, and none of the caller's files.
// It writes its reply to the pipe that Start returns, which the caller must
// close.
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
	// Home configures the home of the worker.
	Home home.Config
	// Out is the pipe on which the caller waits for the reply.
	Out io.Writer
	// At is for tests, see [refresh.Rotation].
	At func(step string) error
	// Report prints an error in the arguments.
	Report func(error)
}

// Run refreshes as the arguments say and returns the exit code. It ignores the
// signals that ask a program to end: its caller may be gone, but the next one
// needs the answer.
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
		return exit.Other // the caller got the same error
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

// rotation returns the rotation for the demand. If the token is still valid and
// the issuer cannot be reached, it pauses for longer before the next attempt.
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

// A caller waits for the worker's reply until the pipe is closed. Callers that
// would start another background worker wait until this one leaves the gate.
type caller struct {
	io.Writer
	leave func()
}

// Close closes the pipe and leaves the gate.
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
