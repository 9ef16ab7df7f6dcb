//go:build unix

package process

import (
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// TestInterruptible_GivesUp: what does not end after a signal is given up, with the
// exit status of an interrupted program. No other test may run: the signal is for
// the whole process.
func TestInterruptible_GivesUp(t *testing.T) {
	code := make(chan int, 1)
	p := Interrupts{Terminal: &terminal.Terminal{Err: io.Discard}, FinishTime: time.Millisecond, Exit: func(c int) { code <- c }}
	ctx, stop := p.Context()
	defer stop()
	must(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	<-ctx.Done()
	select {
	case got := <-code:
		if got != exit.Interrupted {
			t.Errorf("it ended with %d, want %d", got, exit.Interrupted)
		}
	case <-time.After(patience):
		t.Fatal("it went on")
	}
}

// TestInterruptible_Ends: what ends in time is not given up.
func TestInterruptible_Ends(t *testing.T) {
	code := make(chan int, 1)
	p := Interrupts{Terminal: &terminal.Terminal{Err: io.Discard}, FinishTime: time.Hour, Exit: func(c int) { code <- c }}
	ctx, stop := p.Context()
	must(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
	<-ctx.Done()
	stop()
	if len(code) > 0 {
		t.Error("it was given up")
	}
}
