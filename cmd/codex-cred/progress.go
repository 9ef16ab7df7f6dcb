package main

import (
	"fmt"
	"io"
	"time"
)

// A progress tells a person how far a long work has come, on one line that goes
// when it is over. Nobody is told what does not last a second.
type progress struct {
	out   io.Writer // nil tells nobody
	now   func() time.Time
	doing string
	total int

	done  int
	told  time.Time
	shown bool
}

// progress begins now. Only a terminal is told.
func (p *program) progress(doing string, total int) *progress {
	g := &progress{now: p.now, doing: doing, total: total, told: p.now()}
	if terminal(p.stderr) {
		g.out = p.stderr
	}
	return g
}

// step counts one of the total as done.
func (g *progress) step() {
	g.done++
	if now := g.now(); g.out != nil && now.Sub(g.told) >= quietWait {
		g.told, g.shown = now, true
		_, _ = fmt.Fprintf(g.out, "\r%s: %d of %d", g.doing, g.done, g.total)
	}
}

// end takes the line away.
func (g *progress) end() {
	if g.shown {
		_, _ = io.WriteString(g.out, "\r\x1b[K")
	}
}
