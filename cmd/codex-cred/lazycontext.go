package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A lateContext is made when somebody first waits for its end. To catch signals and
// to set a timer costs more than to read a token from a file, which waits for nothing;
// until then a signal ends the program as it ends any other.
type lateContext struct {
	made   func() context.Context
	isMade atomic.Bool
	before func() error // the error until it is made
}

// late returns a context that make returns, once it is needed. Stop is the
// one that make returned, and the caller's to call.
func late(parent context.Context, make func() (context.Context, context.CancelFunc)) (ctx context.Context, stop context.CancelFunc) {
	c := &lateContext{before: parent.Err}
	var end context.CancelFunc
	c.made = sync.OnceValue(func() context.Context {
		var ctx context.Context
		ctx, end = make()
		c.isMade.Store(true)
		return ctx
	})
	return c, func() {
		if c.isMade.Load() {
			end()
		}
	}
}

// Deadline implements [context.Context].
func (c *lateContext) Deadline() (time.Time, bool) { return c.made().Deadline() }

// Done implements [context.Context].
func (c *lateContext) Done() <-chan struct{} { return c.made().Done() }

// Err implements [context.Context].
func (c *lateContext) Err() error {
	if !c.isMade.Load() {
		return c.before()
	}
	return c.made().Err()
}

// Value implements [context.Context].
func (c *lateContext) Value(key any) any { return c.made().Value(key) } //nolint:ireturn // the interface wants it
