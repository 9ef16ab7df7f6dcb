package main

import (
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/helper"
)

// A wiring is the home of one run.
type wiring struct{ *home.Home }

func (p *program) wire() (*wiring, error) {
	h, err := home.Open(p.homeConfig())
	if err != nil {
		return nil, err
	}
	p.flush = h.FlushLog
	return &wiring{h}, nil
}

// wireAt returns the home at the root without checking the root.
func (p *program) wireAt(root string) *wiring {
	h := home.At(p.homeConfig(), root)
	p.flush = h.FlushLog
	return &wiring{h}
}

func (p *program) homeConfig() home.Config {
	return home.Config{
		Process: p.Process, Now: p.Now, Running: p.running, UserAgent: userAgent(),
		Command: p.command, Worker: p.command == worker.Command, Warn: p.Warn,
	}
}

func (p *program) helper(w *wiring) *helper.Helper { return w.Helper(worker.Start, p.outlives) }
