package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/machine/runclock"
)

// A program is one run of the command with its environment: terminal, process and clock.
type program struct {
	*terminal.Terminal
	exit.Reporter
	*process.Process
	// running measures how long a worker runs. The zero value is the system's clock.
	running runclock.Clock
	// outlives reports whether a worker survives the process that started it.
	outlives func() bool
	// at lets a test stop a rotation at a step. nil never stops it.
	at func(step string) error
	// flush writes the request log. nil: there is no log.
	flush      func()
	interrupts process.Interrupts
	// command is the name of the running command.
	command string
	// others is the command line of another program, given after "--". nil: there was none.
	others []string
}

// run runs the command line and returns the exit code.
func (p *program) run(args []string) int {
	args, others, ok := cutCommand(args)
	if ok {
		p.others = append([]string{}, others...)
	}
	p.JSON = wantsJSON(args)
	defer p.flushLog()
	if line, ok := p.quickly(args); ok {
		p.command = strings.TrimPrefix(line.whole, ownProgram+" ")
		ctx, stop := newLazyContext(context.Background(), p.interrupts.Context)
		defer stop()
		return p.end(ctx, p.answer(ctx, line))
	}
	ctx, stop := p.interrupts.Context()
	defer stop()
	app := p.app()
	n, _ := descend(args, app.Commands)
	p.command = strings.Join(args[min(1, len(args)):n], " ")
	if text, asked := helpFor(args, app.Commands); asked {
		return p.exitWith(terminal.Write(p.Out, text))
	}
	return p.end(ctx, app.RunContext(ctx, reorder(args, app.Commands)))
}

// end returns the exit code. It replaces an error caused by an interrupt with the interrupt.
func (p *program) end(ctx context.Context, err error) int {
	// A cancelled context can cause any error; report the interrupt instead. A lost sign-in must still
	// be reported.
	if err != nil && errors.Is(ctx.Err(), context.Canceled) && !errors.Is(err, helper.ErrNotStored) {
		err = context.Canceled
	}
	return p.exitWith(err)
}

// exitWith reports the error, unless it was already reported, and returns the exit code.
func (p *program) exitWith(err error) int {
	if err == nil {
		return exit.OK
	}
	if !fault.IsReported(err) {
		p.Report(err)
	}
	return exit.Code(err)
}

func (p *program) app() *cli.App {
	return &cli.App{
		Name:                      "codex-cred",
		Usage:                     "sign in to ChatGPT/Codex once, hand every program a fresh access token",
		Version:                   version,
		HideVersion:               true,
		HideHelp:                  true,
		DisableSliceFlagSeparator: true,
		Writer:                    p.Out,
		ErrWriter:                 p.Err,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              onUsageError,
		Action:                    p.noCommand,
		Commands:                  p.commands(),
	}
}

func (p *program) commands() []*cli.Command {
	commands := []*cli.Command{
		p.loginCommand(), p.getCommand(), p.refreshCommand(), p.storeCommand(), p.eraseCommand(),
		p.listCommand(), p.statusCommand(), p.useCommand(), p.renameCommand(), p.migrateCommand(),
		p.importCommand(), p.exportCommand(),
		p.execCommand(), p.helperCommand(), p.hostCommand(), p.shimCommand(), p.setupCommand(),
		p.pathsCommand(), p.privacyCommand(), p.doctorCommand(), p.completionCommand(), p.manCommand(),
		p.versionCommand(), p.completeCommand(),
	}
	setErrorHandlers(commands)
	return commands
}

// setErrorHandlers gives the commands and their subcommands our error messages. It disables the
// library's help, because run prints help itself.
func setErrorHandlers(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = onUsageError
		c.HideHelp = true
		setErrorHandlers(c.Subcommands)
	}
}

// group returns a command that only has subcommands. Its examples are the first example of each.
func group(name, usage string, below ...*cli.Command) *cli.Command {
	firsts, words := make([]string, len(below)), make([]string, len(below))
	for i, c := range below {
		firsts[i], words[i] = commandDoc{Command: c}.examples()[0], c.Name
	}
	return &cli.Command{
		Name: name, Usage: usage, Subcommands: below,
		UsageText:   "codex-cred " + name + " " + strings.Join(words, "|"),
		Description: strings.Join(firsts, "\n"),
		Action: func(c *cli.Context) error {
			given := c.Args().First()
			return fault.UsageHint(
				fmt.Sprintf("%s takes no %q; it is one of: %s", name, terminal.Sanitize(given), strings.Join(words, ", ")),
				fault.Suggest(given, words, "see: codex-cred "+name+" --help"),
			)
		},
	}
}

func (p *program) noCommand(c *cli.Context) error {
	given := c.Args().First()
	if given == "help" {
		given = strings.Join(c.Args().Tail(), " ")
	}
	var names []string
	for _, d := range describe(ownProgram, c.App.Commands) {
		names = append(names, d.Names()...)
	}
	return fault.UsageHint(
		fmt.Sprintf("there is no command %q", terminal.Sanitize(given)),
		fault.Suggest(given, names, "see: codex-cred --help"),
	)
}
