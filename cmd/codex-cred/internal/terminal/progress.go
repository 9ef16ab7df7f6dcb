package terminal

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A Progress shows how far a long operation has come, on one line that is
// removed when the operation ends or something else is printed. The terminal
// need only return to the beginning of a line. An operation shorter than a
// second shows nothing.
type Progress struct {
	out   io.Writer // nil: shows nothing
	now   func() time.Time
	doing string
	total int

	mu    sync.Mutex // guards what follows, because timers print too
	done  int
	told  time.Time
	shown int // the width of the line on the screen
}

// Progress starts showing an operation of total steps, if standard error is a
// terminal.
func (t *Terminal) Progress(doing string, total int) *Progress {
	g := &Progress{now: t.Now, doing: doing, total: total, told: t.Now()}
	if IsTerminal(t.Err) {
		g.out = t.Err
	}
	t.progress.Store(g)
	return g
}

// Step counts one step as done.
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

// End removes the line. A later Step shows it again.
func (g *Progress) End() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shown > 0 {
		_, _ = io.WriteString(g.out, "\r"+strings.Repeat(" ", g.shown)+"\r")
	}
	g.shown = 0
}
