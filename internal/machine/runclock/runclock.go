// Package runclock measures time in which this process could run.
//
// A process that is stopped for longer than a time limit (by SIGSTOP, the freezer
// of a container, a computer that sleeps) has had no chance to do within it what
// the limit is for. Its timers all fire in the moment in which it goes on, before
// it has read what arrived meanwhile.
package runclock

import (
	"context"
	"sync"
	"time"
)

const (
	// step is how often a timer looks at the clock.
	step = time.Second
	// maxStep is what one step counts at most.
	maxStep = 2 * time.Second
)

// A Clock makes timers. The zero Clock is the system's. It may be used
// concurrently.
type Clock struct {
	// Now is a clock that never goes backwards; nil is [time.Now].
	Now func() time.Time
	// After calls the function when the time has passed, unless it is stopped
	// before, as [time.AfterFunc] does; nil is that.
	After func(time.Duration, func()) (stop func() bool)
}

// AfterFunc calls do in a goroutine of its own once the process could run for d.
// Stop is as of [time.Timer.Stop].
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

// WithTimeout returns a context that ends, with [context.DeadlineExceeded], once
// the process could run for d. Other than that of [context.WithTimeout] its
// Deadline is the parent's: when it ends cannot be foretold.
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

	mu     sync.Mutex // guards what follows
	left   time.Duration
	last   time.Time // when left was counted
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

// A timeout is a context with an end of its own.
type timeout struct {
	context.Context //nolint:containedctx // it is one
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
