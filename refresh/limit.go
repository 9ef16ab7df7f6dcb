package refresh

import (
	"sync/atomic"
	"time"
)

const (
	// grantTimeout bounds, in all, a call that carries a grant. A shorter bound
	// would lose an answer that the server has already paid for with the old
	// refresh token.
	grantTimeout = 90 * time.Second
	// callTimeout bounds, in all, any other call: nothing is lost with its answer.
	callTimeout = 30 * time.Second
)

// A limit ends a call that takes too long, however the time is spent: a byte
// now and then does not extend it. Time in which the process was stopped does
// not count.
type limit struct {
	after     func(time.Duration, func()) (stop func() bool)
	end       func()
	stop      func() bool
	isExpired atomic.Bool
}

// limit starts the time of a call, which end ends.
func (c *Client) limit(call call, end func()) *limit {
	l := &limit{after: c.after, end: end}
	if l.after == nil {
		l.after = c.Running.AfterFunc
	}
	if call.detached && !call.polls {
		l.start(grantTimeout)
	} else {
		l.start(callTimeout)
	}
	return l
}

func (l *limit) start(d time.Duration) {
	l.stop = l.after(d, func() {
		l.isExpired.Store(true)
		l.end()
	})
}

// extend gives the call the time of one that carries a grant, unless its time
// is over.
func (l *limit) extend() {
	if l.stop() {
		l.start(grantTimeout)
	}
}
