package requestlog

import (
	"context"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// pending is how many lines may wait to be written; further lines are dropped.
	pending = 256
	// flushWait bounds how long a program waits for a disk that does not answer.
	flushWait = time.Second
)

// A Recorder writes lines in the background, so that a request waits neither
// for a disk nor for another process. A nil Recorder records nothing. Methods
// may be called concurrently.
type Recorder struct {
	log     *Log
	command string
	bodies  bool
	failed  func(error)
	jobs    chan job

	mu    sync.Mutex // guards ended
	ended bool
}

// A job is a line to write, or a channel to close when the lines before it are
// written.
type job struct {
	line []byte
	done chan<- struct{}
}

// Record returns a Recorder of the command's requests, with or without their
// bodies. It passes the first error to failed, which it calls in the
// background; errors have no other effect. The caller must flush the Recorder
// before it exits.
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

// Observe records the exchange, for [refresh.Client.Observe]. It does not wait
// for the disk.
func (r *Recorder) Observe(ctx context.Context, x refresh.Exchange) {
	if r == nil {
		return
	}
	b, err := line(ctx, r.command, r.bodies, x)
	if err != nil {
		return // does not happen: every field can be encoded
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

// Flush waits until everything observed before is written, for a second at
// most.
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

// End flushes the Recorder and stops it: it records nothing after that.
func (r *Recorder) End() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	r.Flush()
}
