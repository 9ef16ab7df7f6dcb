package home

import (
	"context"
	"path/filepath"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/helper"
)

// The variables that a person sets to have a log of requests, and one with their
// bodies.
const (
	LogVariable    = "CODEX_CRED_LOG"
	BodiesVariable = "CODEX_CRED_LOG_BODIES"
)

// stateRoot returns the directory in which logs are, beside the root or the same.
func stateRoot(p *process.Process, root string) string {
	if p.Getenv("CODEX_CRED_HOME") != "" || p.StateHome == "" {
		return root
	}
	return filepath.Join(p.StateHome, "codex-cred")
}

// record has the requests of this run recorded, if the person wants that. It
// touches no file: the first request does.
func (h *Home) record(c Config) {
	if !c.Process.On(LogVariable) {
		return
	}
	log := h.Log
	if c.Worker && log.Root() == h.Root {
		log = log.Rooted() // it writes after its caller, and the root may be away by then
	}
	h.Recorder = log.Record(c.Command, c.Process.On(BodiesVariable), func(err error) {
		c.Warn("warning: the request is not in the log: %s", exit.Line(err))
	})
	h.RefreshClient.Observe = h.Recorder.Observe
}

// FlushLog waits, not for long, until the log of requests is written.
func (h *Home) FlushLog() {
	if h.Recorder != nil {
		h.Recorder.Flush()
	}
}

// A FlushingLocker writes the log before it gives a lock back: an erase that waits
// for the lock deletes the log, and no line may come after that.
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
