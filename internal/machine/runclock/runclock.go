// Package runclock measures the time in which this process could run.
//
// A process that is stopped for longer than a time limit (by SIGSTOP, the freezer of a container, a
// sleeping computer) had no chance to do its work within the limit. All its timers fire at the
// moment at which it continues, before it has read what arrived meanwhile.
package runclock

import (
	"context"
	"sync"
	"time"
)

const (
	// step is the interval at which a timer reads the clock.
	step = time.Second
	// maxStep is the most that one step counts.
	maxStep = 2 * time.Second
)

// A Clock makes timers. The zero Clock is the system's. It is safe for concurrent use.
type Clock struct {
	// Now returns the time and never goes backwards; nil means [time.Now].
	Now func() time.Time
	// After calls the function after the duration unless it is stopped, as [time.AfterFunc] does;
	// nil means that.
	After func(time.Duration, func()) (stop func() bool)
}

// AfterFunc calls do in its own goroutine once the process could run for d. Stop is that of
// [time.Timer].
func (c Clock) AfterFunc(d time.Duration, do func()) (stop func() bool) {
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of the Now field
	}
	if c.After == nil {
		c.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	t := &timer{clock: c, do: do, left: d, last: c.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arm()
	return t.stop
}

// WithTimeout returns a context that is done, with [context.DeadlineExceeded], once the process
// could run for d. Its Deadline is the parent's, unlike with [context.WithTimeout], because the
// time of its end is not known in advance.
func (c Clock) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx := &timeout{Context: parent, done: make(chan struct{})}
	stopTimer := c.AfterFunc(d, func() { ctx.end(context.DeadlineExceeded) })
	stopParent := context.AfterFunc(parent, func() { ctx.end(parent.Err()) })
	return ctx, func() {
		stopTimer()
		stopParent()
		ctx.end(context.Canceled)
	}
}

type timer struct {
	clock Clock
	do    func()

	mu     sync.Mutex // guards the fields below
	left   time.Duration
	last   time.Time // time of the last count
	over   bool
	disarm func() bool
}

// arm is called with mu held.
func (t *timer) arm() { t.disarm = t.clock.After(min(t.left, step), t.tick) }

func (t *timer) tick() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	now := t.clock.Now()
	t.left -= min(max(now.Sub(t.last), 0), maxStep)
	t.last = now
	if t.left > 0 {
		t.arm()
		return
	}
	t.over = true
	go t.do()
}

func (t *timer) stop() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := !t.over
	t.over = true
	t.disarm()
	return was
}

// A timeout is a context with its own deadline.
type timeout struct {
	context.Context //nolint:containedctx // a context by design
	done            chan struct{}

	mu  sync.Mutex // guards err
	err error
}

func (t *timeout) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
		close(t.done)
	}
}

// Done implements [context.Context].
func (t *timeout) Done() <-chan struct{} { return t.done }

// Err implements [context.Context].
func (t *timeout) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
