package process

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// Interrupts lets a run finish in order when a signal asks it to end.
type Interrupts struct {
	// Terminal is where notices are printed.
	Terminal *terminal.Terminal
	// FinishTime bounds how long the run continues after a signal.
	FinishTime time.Duration
	// GiveUp ends the process after FinishTime.
	GiveUp func()
}

// Context returns a context that a signal cancels. A second signal ends the
// process.
func (i Interrupts) Context() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), EndSignals()...)
	var giveUp atomic.Pointer[time.Timer]
	ended := context.AfterFunc(ctx, func() {
		stop() // a second signal ends the program at once
		i.Terminal.NoticeAfter("finishing what is under way; interrupt again to give it up")
		giveUp.Store(time.AfterFunc(i.FinishTime, func() {
			i.Terminal.Warn("what was under way does not end: it is given up")
			i.GiveUp()
		}))
	})
	return ctx, func() {
		ended()
		stop()
		if timer := giveUp.Load(); timer != nil {
			timer.Stop()
		}
	}
}

// EndSignals returns the signals that ask the program to end. The first makes
// it finish in order: for instance, it stores a new sign-in. The second ends it
// at once. Signals that are ignored are left out, because nohup, or a script
// that runs the program in the background, wants it to continue. That holds for
// a program that exec runs too, and execve would reset a signal that was
// caught.
func EndSignals() []os.Signal {
	list := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}
