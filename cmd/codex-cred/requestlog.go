package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/helper"
)

// The variables that a person sets to have a log of requests, and one with their
// bodies.
const (
	logVariable    = "CODEX_CRED_LOG"
	bodiesVariable = "CODEX_CRED_LOG_BODIES"
)

// stateRoot returns the directory in which logs are, beside the root or the same.
func (p *program) stateRoot(root string) string {
	if p.Getenv("CODEX_CRED_HOME") != "" || p.StateHome == "" {
		return root
	}
	return filepath.Join(p.StateHome, "codex-cred")
}

// record has the requests of this run recorded, if the person wants that. It
// touches no file: the first request does.
func (p *program) record(w *wiring) {
	if !p.On(logVariable) {
		return
	}
	log := w.Log
	if p.command == workerCommand && log.Root() == w.Root {
		log = log.Rooted() // it writes after its caller, and the root may be away by then
	}
	w.Recorder = log.Record(p.command, p.On(bodiesVariable), func(err error) {
		p.Warn("warning: the request is not in the log: %s", reason(err))
	})
	w.RefreshClient.Observe = w.Recorder.Observe
	p.flush = w.Recorder.Flush
}

// flushLog waits, not for long, until the log is written: the process ends now, or
// becomes another program.
func (p *program) flushLog() {
	if p.flush != nil {
		p.flush()
	}
}

// A flushingLocker writes the log before it gives a lock back: an erase that waits
// for the lock deletes the log, and no line may come after that.
type flushingLocker struct {
	helper.Locker
	recorder *requestlog.Recorder
}

// Lock implements [helper.Locker].
func (l flushingLocker) Lock(ctx context.Context, name string) (unlock func() error, err error) {
	release, err := l.Locker.Lock(ctx, name)
	if err != nil {
		return nil, err
	}
	return func() error {
		l.recorder.Flush()
		return release()
	}, nil
}

// removeLogs removes the log of requests, or lists it in a dry run. Nothing is
// recorded any more: the requests of this erase are told in its receipt.
func (e *eraser) removeLogs(ctx context.Context, r *receipt) {
	if e.dryRun {
		r.lookAll(ctx, e.logs())
		return
	}
	e.Recorder.End()
	for _, a := range e.logs() {
		r.remove(ctx, a)
	}
}

// logs lists the log of requests, if there is one. It names accounts and belongs to
// none: an erase of any removes all of it.
func (w *wiring) logs() []artefact {
	paths, err := w.Log.Files()
	if err != nil && !errors.Is(err, helper.ErrNotFound) {
		return []artefact{{
			kind: "request log", where: w.Log.Folder(),
			present: func(context.Context) (bool, error) { return false, err },
			remove:  func(context.Context) error { return err },
		}}
	}
	var list []artefact
	for _, path := range paths {
		kind := "request log"
		if path == w.Log.LockPath() {
			kind = "lock"
		}
		list = append(list, file(kind, path))
	}
	folders := []string{w.Log.Folder()}
	if w.Log.Root() != w.Root {
		folders = append(folders, w.Log.Root())
	}
	for _, folder := range folders {
		if there, err := exists(folder); there || err != nil {
			list = append(list, directory(folder))
		}
	}
	return list
}
