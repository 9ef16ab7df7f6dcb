package home

import (
	"context"
	"path/filepath"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/helper"
)

// Environment variables for the request log.
const (
	LogVariable    = "CODEX_CRED_LOG"        // turns the log on
	BodiesVariable = "CODEX_CRED_LOG_BODIES" // adds bodies to the log, if that is on
)

// stateRoot returns the directory that contains the logs: the root, or one in
// the user's state directory.
func stateRoot(p *process.Process, root string) string {
	if p.Getenv("CODEX_CRED_HOME") != "" || p.StateHome == "" {
		return root
	}
	return filepath.Join(p.StateHome, "codex-cred")
}

// record starts recording requests, if the user asked for it. It creates no
// file; the first request does.
func (h *Home) record(c Config) {
	if !c.Process.On(LogVariable) {
		return
	}
	log := h.Log
	if c.Worker && log.Root() == h.Root {
		log = log.Rooted() // it writes after its caller, when the root may be erased
	}
	h.Recorder = log.Record(c.Command, c.Process.On(BodiesVariable), func(err error) {
		c.Warn("warning: the request is not in the log: %s", exit.Line(err))
	})
	h.RefreshClient.Observe = h.Recorder.Observe
}

// FlushLog waits until the request log is written, for a second at most.
func (h *Home) FlushLog() {
	if h.Recorder != nil {
		h.Recorder.Flush()
	}
}

// A FlushingLocker writes the request log before it releases a lock. An erase
// that waits for the lock deletes the log, and no line may be written after
// that.
type FlushingLocker struct {
	helper.Locker
	Recorder *requestlog.Recorder
}

// Lock implements [helper.Locker].
func (l FlushingLocker) Lock(ctx context.Context, name string) (unlock func() error, err error) {
	release, err := l.Locker.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	return func() error {
		l.Recorder.Flush()
		return release()
	}, nil
}
