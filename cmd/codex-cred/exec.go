package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire/output"
)

const execName = "exec"

func (p *program) execCommand() *cli.Command {
	return &cli.Command{
		Name:      execName,
		Usage:     "run a program that finds the token in its environment",
		UsageText: "codex-cred exec [ACCOUNT] [--env NAME] -- COMMAND [ARG...]",
		Description: `codex-cred exec -- sh -c 'echo "$CODEX_CRED_ACCOUNT_ID"'
codex-cred exec work --env GATEWAY_TOKEN -- ./upload.sh`,
		ArgsUsage: `The program finds the token in CODEX_CRED_TOKEN and the account's id, if it is
known, in CODEX_CRED_ACCOUNT_ID. It keeps the token that it began with: ask for a
long life with --min-ttl. A ChatGPT token is no API key, so no other name is
set unless --env asks for it.

The exit status is the program's own; 126 if it cannot be run, 127 if there is none.`,
		Flags: append([]cli.Flag{
			&cli.StringSliceFlag{Name: "env", Usage: "put the token under `NAME` as well; may be given more than once"},
		}, askFlags()...),
		Action: p.exec,
	}
}

// variableName reports whether a shell accepts the name for a variable.
func variableName(name string) bool {
	const first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	return name != "" && strings.Trim(name[:1], first) == "" && strings.Trim(name, first+"0123456789") == ""
}

func (p *program) exec(c *cli.Context) error {
	if len(p.others) == 0 {
		return fault.UsageHint("exec takes -- and a command after it", "see: codex-cred exec --help")
	}
	for _, name := range c.StringSlice("env") {
		if !variableName(name) || process.IsOurs(name) {
			return fault.UsageHint("--env takes a name for the token: letters, digits and _, and none of CODEX_CRED_; what it got may be a secret and is not shown",
				"see: codex-cred exec --help")
		}
	}
	path, err := exec.LookPath(p.others[0])
	if err != nil {
		return notRun(p.others[0], err)
	}
	answer, err := p.ask(c.Context, lineOf(c), helper.Request{})
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	if err != nil {
		p.Report(err)
	}
	environment := withToken(os.Environ(), tokenVariables(answer, c.StringSlice("env")))
	p.flushLog()
	p.Unprotect()
	if err := process.Become(path, p.others, environment); err != nil {
		return notRun(p.others[0], err)
	}
	return nil
}

func tokenVariables(answer helper.Answer, names []string) []output.Variable {
	token := tokenOf(answer)
	list := output.Variables(token)
	for _, name := range names {
		list = append(list, output.Variable{Name: name, Value: token.Access.Reveal()})
	}
	return list
}

// withToken returns the environment with the variables set, in place of any
// with the same names, and without another account's id.
func withToken(environment []string, variables []output.Variable) []string {
	drop := map[string]bool{output.TokenVariable: true, output.AccountIDVariable: true}
	for _, v := range variables {
		drop[v.Name] = true
	}
	kept := make([]string, 0, len(environment)+len(variables))
	for _, variable := range environment {
		if name, _, _ := strings.Cut(variable, "="); !drop[name] {
			kept = append(kept, variable)
		}
	}
	for _, v := range variables {
		kept = append(kept, v.Name+"="+v.Value)
	}
	return kept
}

// Exit codes of exec, the same as a shell's.
const (
	exitNotRunnable = 126
	exitNoCommand   = 127
)

// notRun returns the error for a command that cannot be started.
func notRun(command string, err error) error {
	code := exitNotRunnable
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist) {
		code = exitNoCommand
	}
	return fault.ExitWith(code,
		fault.WithHint(errors.New("run "+terminal.Sanitize(command)+": "+terminal.OneLine(reasonOf(err))),
			"is it spelt right, and in $PATH?"))
}

// reasonOf returns the error's cause without the command's name, which the
// message has already.
func reasonOf(err error) string {
	if failed := (*exec.Error)(nil); errors.As(err, &failed) {
		return failed.Err.Error()
	}
	return err.Error()
}
