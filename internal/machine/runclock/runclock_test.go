package runclock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/machine/runclock"
)

// A model is a fake clock that the test advances, and its timers.
type model struct {
	now    time.Time
	timers []modelTimer
}

type modelTimer struct {
	at time.Time
	do func()
}

func (m *model) clock() runclock.Clock {
	return runclock.Clock{
		Now: func() time.Time { return m.now },
		After: func(d time.Duration, f func()) func() bool {
			m.timers = append(m.timers, modelTimer{m.now.Add(d), f})
			return func() bool { return true }
		},
	}
}

// jump advances the clock while the process is stopped: then its timers fire once.
func (m *model) jump(d time.Duration) {
	m.now = m.now.Add(d)
	due := m.timers
	m.timers = nil
	for _, t := range due {
		if t.at.After(m.now) {
			m.timers = append(m.timers, t)
		} else {
			t.do()
		}
	}
}

// run lets the process run for that many seconds.
func (m *model) run(seconds int) {
	for range seconds {
		m.jump(time.Second)
	}
}

// TestAfterFunc checks that a timer counts the time in which the process runs, and at most two seconds
// of each stop.
func TestAfterFunc(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit time.Duration
		live  func(*model)
		fired bool
	}{
		{"not yet", 90 * time.Second, func(m *model) { m.run(89) }, false},
		{"in time", 90 * time.Second, func(m *model) { m.run(90) }, true},
		{"less than a second", 300 * time.Millisecond, func(m *model) { m.jump(300 * time.Millisecond) }, true},
		{"stopped for an hour", 90 * time.Second, func(m *model) { m.jump(time.Hour); m.run(87) }, false},
		{"stopped, and then its time is over", 90 * time.Second, func(m *model) { m.jump(time.Hour); m.run(88) }, true},
		{"stopped again and again", 90 * time.Second, func(m *model) {
			for range 44 {
				m.jump(time.Hour)
			}
		}, false},
		{"the clock goes backwards", 90 * time.Second, func(m *model) { m.run(50); m.now = m.now.Add(-time.Hour); m.jump(time.Hour); m.run(38) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &model{now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
			fired := make(chan struct{})
			stop := m.clock().AfterFunc(c.limit, func() { close(fired) })
			c.live(m)
			if stop() == c.fired {
				t.Errorf("fired: %t, want %t", !c.fired, c.fired)
			}
			if c.fired {
				<-fired
			}
			if stop() {
				t.Error("it can be stopped twice")
			}
			m.run(1000) // a stopped timer never fires: a second close would panic
		})
	}
}

func TestWithTimeout(t *testing.T) {
	parent, cancelParent := context.WithCancel(t.Context())
	for _, c := range []struct {
		name string
		end  func(m *model, cancel context.CancelFunc)
		want error
	}{
		{"timeout", func(m *model, _ context.CancelFunc) { m.run(9) }, context.DeadlineExceeded},
		{"canceled", func(_ *model, cancel context.CancelFunc) { cancel() }, context.Canceled},
		{"the parent ends", func(*model, context.CancelFunc) { cancelParent() }, context.Canceled},
	} {
		m := &model{now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
		ctx, cancel := m.clock().WithTimeout(parent, 9*time.Second)
		below, cancelBelow := context.WithCancel(ctx)
		m.run(8)
		if c.name != "the parent ends" && (ctx.Err() != nil || below.Err() != nil) {
			t.Errorf("%s: it ends early: %v", c.name, ctx.Err())
		}
		c.end(m, cancel)
		<-below.Done()
		if !errors.Is(ctx.Err(), c.want) || !errors.Is(below.Err(), c.want) {
			t.Errorf("%s: %v, below %v; want %v", c.name, ctx.Err(), below.Err(), c.want)
		}
		cancel()
		cancelBelow()
	}
}

// TestSystem uses the zero Clock, which is the system's.
func TestSystem(t *testing.T) {
	ctx, cancel := runclock.Clock{}.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	<-ctx.Done()
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Error(ctx.Err())
	}
}
