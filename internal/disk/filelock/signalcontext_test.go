package filelock_test

import (
	"context"
	"time"
)

// signalContext is a context that signals when a caller starts to wait for its end.
type signalContext struct {
	begin func()
	begun <-chan struct{}
	end   chan struct{}
}

var _ context.Context = (*signalContext)(nil)

func newSignalContext() *signalContext {
	ctx, begin := context.WithCancel(context.Background())
	return &signalContext{begin: begin, begun: ctx.Done(), end: make(chan struct{})}
}

// Done implements context.Context.
func (p *signalContext) Done() <-chan struct{} {
	p.begin()
	return p.end
}

// Err implements context.Context.
func (p *signalContext) Err() error {
	select {
	case <-p.end:
		return context.Canceled
	default:
		return nil
	}
}

// Deadline implements context.Context.
func (*signalContext) Deadline() (deadline time.Time, ok bool) { return time.Time{}, false }

// Value implements context.Context.
func (*signalContext) Value(any) any { return nil } //nolint:ireturn // as context.Context has it
