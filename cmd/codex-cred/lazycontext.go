package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A lazyContext creates its context when it is first waited on. Catching
// signals and setting a timer cost more than reading a token from a file, which
// waits for nothing. Until then a signal ends the program as it ends any other.
type lazyContext struct {
	made   func() context.Context
	isMade atomic.Bool
	before func() error // the error until it is made
}

// newLazyContext returns a context that calls make when it is first needed. The
// caller must call stop, which calls the function that make returned.
func newLazyContext(
	parent context.Context, make func() (context.Context, context.CancelFunc),
) (ctx context.Context, stop context.CancelFunc) {
	c := &lazyContext{before: parent.Err}
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
func (c *lazyContext) Deadline() (time.Time, bool) { return c.made().Deadline() }

// Done implements [context.Context].
func (c *lazyContext) Done() <-chan struct{} { return c.made().Done() }

// Err implements [context.Context].
func (c *lazyContext) Err() error {
	if !c.isMade.Load() {
		return c.before()
	}
	return c.made().Err()
}

// Value implements [context.Context].
func (c *lazyContext) Value(key any) any { return c.made().Value(key) } //nolint:ireturn // the interface requires it
