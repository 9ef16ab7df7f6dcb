package requestlog

import (
	"context"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// pending is how many lines may wait to be written; more are dropped.
	pending = 256
	// flushWait bounds how long a program waits for a disk that hangs.
	flushWait = time.Second
)

// A Recorder writes lines in the background: whoever makes a request waits
// neither for a disk nor for another process. A nil Recorder records nothing.
// Methods may be called concurrently.
type Recorder struct {
	log     *Log
	command string
	bodies  bool
	failed  func(error)
	jobs    chan job

	mu    sync.Mutex // guards ended
	ended bool
}

// A job is a line to write, or a caller who waits for those before it.
type job struct {
	line []byte
	done chan<- struct{}
}

// Record returns a Recorder of the requests of the command, with their bodies or
// without. The first error is told to failed, in the background; errors have no
// other effect. The caller flushes the Recorder before it exits.
func (l *Log) Record(command string, bodies bool, failed func(error)) *Recorder {
	r := &Recorder{log: l, command: command, bodies: bodies, failed: failed, jobs: make(chan job, pending)}
	go r.work()
	return r
}

func (r *Recorder) work() {
	told := false
	for j := range r.jobs {
		if j.done != nil {
			close(j.done)
			continue
		}
		if err := r.log.write(j.line); err != nil && !told {
			told = true
			r.failed(err)
		}
	}
}

// Observe is for [refresh.Client.Observe].
func (r *Recorder) Observe(ctx context.Context, x refresh.Exchange) {
	if r == nil {
		return
	}
	b, err := line(ctx, r.command, r.bodies, x)
	if err != nil {
		return // what it is made of always marshals
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	select {
	case r.jobs <- job{line: b}:
	default: // the disk does not keep up
	}
}

// Flush waits until what was observed before is written, or a second.
func (r *Recorder) Flush() {
	if r == nil {
		return
	}
	done := make(chan struct{})
	late := time.After(flushWait)
	select {
	case r.jobs <- job{done: done}:
	case <-late:
		return
	}
	select {
	case <-done:
	case <-late:
	}
}

// End does what Flush does; nothing is recorded from then on.
func (r *Recorder) End() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.Flush()
}
