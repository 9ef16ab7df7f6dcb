// Command codex-cred signs in to ChatGPT/Codex once and hands every program a
// fresh access token.
//
// This package parses flags, reads the environment, wires the parts, prints and
// exits; it is the only one that does. Each command has a file of its own.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/adrg/xdg"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/internal/machine/hostid"
)

func main() { os.Exit(newProgram().main()) }

// main runs the program as a process of its own and returns the exit code.
func (p *program) main() int {
	p.undoHarden = harden()
	// net/http logs the beginning of answers that it did not expect, which may
	// be tokens.
	log.SetOutput(io.Discard)
	if len(os.Args) > 1 && os.Args[1] == workerCommand {
		return p.work(os.Args[2:])
	}
	args, home, err := dispatch(os.Args)
	if err != nil {
		p.Report(err)
		return exit.Code(err)
	}
	if home != "" {
		_ = os.Setenv("CODEX_CRED_HOME", home) // the worker's too
	}
	return p.run(args)
}

// interruptible returns a context that a signal ends.
func (p *program) interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	var giveUp atomic.Pointer[time.Timer]
	ended := context.AfterFunc(ctx, func() {
		stop() // a second signal ends the program at once
		p.NoticeAfter("finishing what is under way; interrupt again to give it up")
		giveUp.Store(time.AfterFunc(p.finishTime, func() {
			p.Warn("what was under way does not end: it is given up")
			p.exit(exit.Interrupted)
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

// finishTime bounds how long the program goes on after a signal: longer than a
// keychain may take in which a person types a password, see personTime.
const finishTime = 90 * time.Second

// endings are the signals that ask the program to end. It ends in order then: what
// a sign-in brings is stored first. The second ends it as it stands. Who started it
// with nohup, or a script's shell in the background, wants no end; nor for what exec
// runs, which would not ignore a signal any more that we had caught.
func endings() []os.Signal {
	list := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			list = append(list, s)
		}
	}
	return list
}

func newProgram() *program {
	p := &program{
		Terminal: &terminal.Terminal{
			In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now,
			NoColor: terminal.NoColor(os.Getenv),
		},
		getenv:    os.Getenv,
		dataHome:  homeOf(xdg.DataHome, os.Getenv, "XDG_DATA_HOME", ".local/share"),
		stateHome: homeOf(xdg.StateHome, os.Getenv, "XDG_STATE_HOME", ".local/state"),
		hostID:    hostid.ID,

		finishTime: finishTime,
		exit:       os.Exit,
	}
	p.outlives = p.workerOutlives
	p.Reporter = exit.Reporter{Terminal: p.Terminal, Accounts: p.names}
	return p
}
