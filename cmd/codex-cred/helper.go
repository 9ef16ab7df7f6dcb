package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/claude"
	"github.com/codex-cred/codex-cred/helper/wire/docker"
	"github.com/codex-cred/codex-cred/helper/wire/git"
	"github.com/codex-cred/codex-cred/helper/wire/goauth"
)

const helperName = "helper"

func (p *program) helperCommand() *cli.Command {
	commands := []*cli.Command{
		{
			Name: "git", Usage: "answer git; hosts are those of codex-cred host",
			UsageText:   "codex-cred helper git OPERATION",
			Description: "git config --global credential.https://git.example.helper \\\n  '/usr/bin/codex-cred helper git'",
		},
		{
			Name: "docker", Usage: "answer docker; hosts are those of codex-cred host",
			UsageText:   "codex-cred helper docker get|store|erase|list|version",
			Description: "echo registry.example | codex-cred helper docker get",
		},
		{
			Name: "kubernetes", Usage: "answer kubectl as a credential plugin",
			UsageText:   "codex-cred helper kubernetes [ACCOUNT]",
			Description: "kubectl config set-credentials me --exec-interactive-mode=Never \\\n  --exec-api-version=client.authentication.k8s.io/v1 \\\n  --exec-provide-cluster-info --exec-command=/usr/bin/codex-cred \\\n  --exec-arg=helper --exec-arg=kubernetes",
		},
		{
			Name: "goauth", Usage: "answer the go command; hosts are those of codex-cred host",
			UsageText:   "codex-cred helper goauth [URL]",
			Description: "go env -w GOAUTH='netrc;/usr/bin/codex-cred helper goauth'",
		},
		{
			Name: "claude", Usage: "answer Claude's programs with a token and its headers",
			UsageText:   "codex-cred helper claude [ACCOUNT]",
			Description: "codex-cred helper claude work",
		},
	}
	for _, c := range commands {
		c.Flags = askFlags()
		c.Action = func(c *cli.Context) error { return p.protocol(c.Command.Name)(c.Context, lineOf(c)) }
	}
	return group(helperName, "speak the protocol of a program that asks for credentials", commands...)
}

// protocol returns the function that answers callers in the protocol, or nil if
// there is none of that name.
func (p *program) protocol(name string) func(context.Context, tokenLine) error {
	switch name {
	case "git":
		return p.helperGit
	case "docker":
		return p.helperDocker
	case "kubernetes":
		return p.helperKubernetes
	case "goauth":
		return p.helperGoauth
	case "claude":
		return p.helperClaude
	}
	return nil
}

func (p *program) helperGit(ctx context.Context, line tokenLine) error {
	if len(line.list) != 1 {
		return fault.UsageHint("helper git takes an operation; git gives it", "see: codex-cred helper git --help")
	}
	return p.withSource(ctx, line, func(ctx context.Context, s wire.Source) error {
		return git.Serve(ctx, line.list[0], p.In, p.Out, s)
	})
}

// helperDocker prints errors on standard output, where docker reads them.
func (p *program) helperDocker(ctx context.Context, line tokenLine) error {
	if len(line.list) == 1 && line.list[0] == "version" {
		return terminal.Write(p.Out, "codex-cred "+version+"\n")
	}
	err := fault.UsageHint("helper docker takes one operation", "see: codex-cred helper docker --help")
	if len(line.list) == 1 {
		err = p.withSource(ctx, line, func(ctx context.Context, s wire.Source) error {
			return docker.Serve(ctx, line.list[0], p.In, p.Out, s)
		})
	}
	if err == nil {
		return nil
	}
	told := exit.Line(err)
	return errors.Join(terminal.Write(p.Out, told+"\n"), fault.Reported(fault.ExitWith(exit.Other, err)))
}

// helperGoauth only warns that a host has no token if another host has one: the
// go command ignores the output of a helper that fails.
func (p *program) helperGoauth(ctx context.Context, line tokenLine) error {
	return p.withSource(ctx, line, func(ctx context.Context, s wire.Source) error {
		var answer bytes.Buffer
		err := goauth.Serve(ctx, line.list, p.In, &answer, s)
		if err != nil && answer.Len() > 0 {
			p.Report(err)
			err = nil
		}
		return errors.Join(err, terminal.Write(p.Out, answer.String()))
	})
}

func (p *program) helperClaude(ctx context.Context, line tokenLine) error {
	return p.giveToken(ctx, line, func(t wire.Token) error { return claude.Encode(p.Out, t) })
}

// withSource answers a caller that names a host.
func (p *program) withSource(
	ctx context.Context, line tokenLine, serve func(context.Context, wire.Source) error,
) error {
	w, err := p.wire() //nolint:contextcheck // the log is written even if the request is canceled
	if err != nil {
		return err
	}
	ctx, cancel, req, err := p.withTimeout(ctx, line, helper.Request{})
	if err != nil {
		return err
	}
	defer cancel()
	return serve(ctx, hostSource{program: p, wiring: w, request: req})
}

// giveToken answers a caller that names an account and no host.
func (p *program) giveToken(ctx context.Context, line tokenLine, encode func(wire.Token) error) error {
	answer, err := p.ask(ctx, line, helper.Request{})
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	return errors.Join(encode(tokenOf(answer)), err)
}
