//go:build unix

package process

import (
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// TestInterrupts_GiveUp: what does not end after a signal is given up. No other test may
// run: the signal is for the whole process.
func TestInterrupts_GiveUp(t *testing.T) {
	gaveUp := make(chan bool, 1)
	p := Interrupts{Terminal: &terminal.Terminal{Err: io.Discard}, FinishTime: time.Millisecond, GiveUp: func() { gaveUp <- true }}
	ctx, stop := p.Context()
	defer stop()
	must(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	<-ctx.Done()
	select {
	case <-gaveUp:
	case <-time.After(patience):
		t.Fatal("it went on")
	}
}

// TestInterrupts_End: what ends in time is not given up.
func TestInterrupts_End(t *testing.T) {
	gaveUp := make(chan bool, 1)
	p := Interrupts{Terminal: &terminal.Terminal{Err: io.Discard}, FinishTime: time.Hour, GiveUp: func() { gaveUp <- true }}
	ctx, stop := p.Context()
	must(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	<-ctx.Done()
	stop()
	if len(gaveUp) > 0 {
		t.Error("it was given up")
	}
}
