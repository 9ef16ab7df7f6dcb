package main

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
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// workerCommand is the name of a command that only this program runs:
	//
	//	codex-cred refresh-worker ACCOUNT GENERATION REASON foreground|background
	workerCommand = "refresh-worker"
	foreground    = "foreground"
	background    = "background"

	// workerTime ends a worker, whatever it waits for. This and the times below
	// are of p.running: a worker that was stopped goes on where it was.
	workerTime = 150 * time.Second
	// sendTime is by when it must have sent its request, or sends none: the
	// longest call of the issuer and the tries to store what it answered fit
	// into the rest.
	sendTime = 45 * time.Second
	// agingSendTime is the same where the caller waits though its token is good: after
	// that nothing is sent, so that the caller can end.
	agingSendTime = 5 * time.Second
	// tryTime is by when the last try to store a credential must have begun, so
	// that a slow keychain has the time to take it.
	tryTime = workerTime - 15*time.Second
)

// startWorker starts a process that refreshes and that nothing which ends this
// one ends: it has a session of its own, no terminal, and no file of the
// caller's. It replies on the pipe.
func (p *program) startWorker(d helper.Demand, inBackground bool) (io.ReadCloser, error) {
	path, err := process.Executable()
	if err != nil {
		return nil, err
	}
	mode := foreground
	if inBackground {
		mode = background
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = write.Close() }()
	cmd := exec.Command(path) //nolint:gosec,noctx // this program, which must outlive the caller
	cmd.Args = []string{"codex-cred", workerCommand, d.Account, strconv.FormatUint(d.Generation, 10), string(d.Reason), mode}
	cmd.Stdout = write
	cmd.Dir = string(os.PathSeparator)
	cmd.Env = process.WorkerEnvironment(os.Environ())
	if err := process.StartDetached(cmd); err != nil {
		_ = read.Close()
		return nil, err
	}
	return read, cmd.Process.Release()
}

// work is the worker. Signals that ask a program to end do not end it: its
// caller may be gone, and the answer is for the next one.
func (p *program) work(args []string) int {
	signal.Ignore(append(process.EndSignals(), syscall.SIGHUP, syscall.SIGPIPE)...)
	p.running.AfterFunc(workerTime, func() { os.Exit(exit.Temporary) })
	d, mode, err := parseWork(args)
	if err != nil {
		p.Report(err)
		return exit.Usage
	}
	p.command = workerCommand
	defer p.flushLog()
	w, err := p.wire()
	if err != nil {
		return exit.Other // the caller has had the same error
	}
	ctx, cancel := p.running.WithTimeout(context.Background(), tryTime)
	defer cancel()
	c := caller{Writer: p.Out, leave: func() {}}
	if mode == background {
		var ok bool
		if c.leave, ok = w.EnterGate(d.Account); !ok {
			return exit.Busy
		}
	}
	r := p.rotation(w, mode)
	if mode == foreground && d.Reason == helper.ReasonAging {
		r.SendTime, r.UnreachablePause = agingSendTime, time.Minute
	}
	r.Locker = w.Flushing(refresh.NewWorkLock(w.Locks.RequireRoot()))
	if err := r.Serve(requestlog.About(ctx, d.Account), d, c); err != nil {
		return exit.Other
	}
	return exit.OK
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
	if len(args) != 4 || args[3] != foreground && args[3] != background {
		return d, "", fault.Usage("%s is for codex-cred itself", workerCommand)
	}
	generation, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return d, "", fault.Usage("%s is for codex-cred itself", workerCommand)
	}
	return helper.Demand{Account: args[0], Generation: generation, Reason: helper.Reason(args[2])}, args[3], helper.CheckName(args[0])
}
