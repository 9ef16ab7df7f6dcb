package main

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
)

// flushLog writes the request log, with a short timeout. The process is about to exit or to execute
// another program.
func (p *program) flushLog() {
	if p.flush != nil {
		p.flush()
	}
}

// removeLogs removes the request log, or lists it in a dry run. It stops recording first: the
// receipt covers the requests of this erase.
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

// logs lists the files of the request log. The log names accounts but belongs to none, so erasing
// any account removes all of it.
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
