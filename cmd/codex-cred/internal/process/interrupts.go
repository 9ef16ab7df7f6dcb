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

// Interrupts ends a run in order when a signal asks for it.
type Interrupts struct {
	Terminal *terminal.Terminal
	// FinishTime bounds how long the run goes on after a signal.
	FinishTime time.Duration
	// GiveUp ends the process after that.
	GiveUp func()
}

// Context returns a context that a signal ends. A second signal ends the process.
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

// EndSignals are the signals that ask the program to end. It ends in order then: what
// a sign-in brings is stored first. The second ends it as it stands. Who started it
// with nohup, or a script's shell in the background, wants no end; nor for what exec
// runs, which would not ignore a signal any more that we had caught.
func EndSignals() []os.Signal {
	list := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}
