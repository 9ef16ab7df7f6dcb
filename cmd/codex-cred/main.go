// Command codex-cred signs in to ChatGPT/Codex once and gives every program a fresh access token.
//
// This package parses flags, reads the environment, wires the parts, prints and exits; no other
// package does. Each command has its own file.
package main

import (
	"io"
	"log"
	"os"
	"time"

	"github.com/adrg/xdg"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/internal/machine/hostid"
)

func main() { os.Exit(newProgram().main()) }

// main runs the program in this process and returns the exit code.
func (p *program) main() int {
	p.Protect()
	// net/http logs the beginning of unexpected responses, which may contain tokens.
	log.SetOutput(io.Discard)
	if len(os.Args) > 1 && os.Args[1] == worker.Command {
		p.command = worker.Command
		return worker.Worker{Home: p.homeConfig(), Out: p.Out, At: p.at, Report: p.Report}.Run(os.Args[2:])
	}
	args, home, err := dispatch(os.Args)
	if err != nil {
		p.Report(err)
		return exit.Code(err)
	}
	if home != "" {
		_ = os.Setenv("CODEX_CRED_HOME", home) // the worker inherits it
	}
	return p.run(args)
}

// finishTime bounds how long the program runs after a signal. It exceeds [home.PersonTime], in
// which a user may type the password of the keychain.
const finishTime = 90 * time.Second

func newProgram() *program {
	p := &program{
		Terminal: &terminal.Terminal{
			In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Now: time.Now,
			NoColor: terminal.NoColor(os.Getenv),
		},
		Process: &process.Process{
			Getenv:    os.Getenv,
			DataHome:  process.Directory(xdg.DataHome, os.Getenv, "XDG_DATA_HOME", ".local/share"),
			StateHome: process.Directory(xdg.StateHome, os.Getenv, "XDG_STATE_HOME", ".local/state"),
			HostID:    hostid.ID,
		},
	}
	p.outlives = p.WorkerOutlives
	p.interrupts = process.Interrupts{
		Terminal: p.Terminal, FinishTime: finishTime, GiveUp: func() { os.Exit(exit.Interrupted) },
	}
	p.Reporter = exit.Reporter{Terminal: p.Terminal, Names: p.names}
	return p
}
