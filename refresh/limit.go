package refresh

import (
	"sync/atomic"
	"time"
)

const (
	// grantTimeout limits the duration of a call that sends a grant. A shorter limit could lose an answer after the
	// server has already spent the old refresh token.
	grantTimeout = 90 * time.Second
	// callTimeout limits the duration of any other call: losing its answer does no harm.
	callTimeout = 30 * time.Second
)

// A limit is the timeout of a whole call; a server that sends a byte now and then does not extend it. Time in which the
// process was stopped does not count.
type limit struct {
	after     func(time.Duration, func()) (stop func() bool)
	end       func()
	stop      func() bool
	isExpired atomic.Bool
}

// limit starts the timeout of the call. When it expires, it calls end.
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

// extend restarts the limit with grantTimeout, unless it has expired.
func (l *limit) extend() {
	if l.stop() {
		l.start(grantTimeout)
	}
}
