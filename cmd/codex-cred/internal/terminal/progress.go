package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A Progress tells a person how far a long work has come, on one line that goes
// when it is over, or something else is told. It needs no terminal that can more than
// go back to the beginning of a line. Nobody is told what does not last a second.
type Progress struct {
	out   io.Writer // nil tells nobody
	now   func() time.Time
	doing string
	total int

	mu    sync.Mutex // guards what follows, as timers tell things too
	done  int
	told  time.Time
	shown int // the width of the line that is there
}

// Progress begins now. Only a terminal is told.
func (t *Terminal) Progress(doing string, total int) *Progress {
	g := &Progress{now: t.Now, doing: doing, total: total, told: t.Now()}
	if IsTerminal(t.Err) {
		g.out = t.Err
	}
	t.progress.Store(g)
	return g
}

// Step counts one of the total as done.
func (g *Progress) Step() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done++
	if now := g.now(); g.out != nil && now.Sub(g.told) >= noticeDelay {
		line := fmt.Sprintf("%s: %d of %d", g.doing, g.done, g.total)
		g.told, g.shown = now, len(line)
		_, _ = io.WriteString(g.out, "\r"+line)
	}
}

// End takes the line away. A later step shows it again.
func (g *Progress) End() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shown > 0 {
		_, _ = io.WriteString(g.out, "\r"+strings.Repeat(" ", g.shown)+"\r")
	}
	g.shown = 0
}
