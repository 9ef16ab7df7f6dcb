package main

import (
	"bytes"
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/claude"
	"github.com/codex-cred/codex-cred/helper/wire/docker"
	"github.com/codex-cred/codex-cred/helper/wire/git"
	"github.com/codex-cred/codex-cred/helper/wire/goauth"
	"github.com/codex-cred/codex-cred/helper/wire/kubernetes"
)

const helperName = "helper"

func (p *program) helperCommand() *cli.Command {
	commands := []*cli.Command{
		{
			Name: "git", Usage: "answer git; hosts are those of codex-cred host",
			UsageText:   "codex-cred helper git OPERATION",
			Description: "git config --global credential.https://git.example.helper '/usr/bin/codex-cred helper git'",
			Action:      p.helperGit,
		},
		{
			Name: "docker", Usage: "answer docker; hosts are those of codex-cred host",
			UsageText:   "codex-cred helper docker get|store|erase|list|version",
			Description: "echo registry.example | codex-cred helper docker get",
			Action:      p.helperDocker,
		},
		{
			Name: "kubernetes", Usage: "answer kubectl as a credential plugin",
			UsageText:   "codex-cred helper kubernetes [ACCOUNT]",
			Description: "kubectl config set-credentials me --exec-api-version=client.authentication.k8s.io/v1 \\\n  --exec-command=/usr/bin/codex-cred --exec-arg=helper --exec-arg=kubernetes --exec-interactive-mode=Never",
			Action:      p.helperKubernetes,
		},
		{
			Name: "goauth", Usage: "answer the go command; hosts are those of codex-cred host",
			UsageText:   "codex-cred helper goauth [URL]",
			Description: "go env -w GOAUTH='/usr/bin/codex-cred helper goauth'",
			Action:      p.helperGoauth,
		},
		{
			Name: "claude", Usage: "answer Claude's programs with a token and its headers",
			UsageText:   "codex-cred helper claude [ACCOUNT]",
			Description: "codex-cred helper claude work",
			Action:      p.helperClaude,
		},
	}
	for _, c := range commands {
		c.Flags = askFlags()
	}
	return group(helperName, "speak the protocol of a program that asks for credentials", commands...)
}

func (p *program) helperGit(c *cli.Context) error {
	if c.NArg() != 1 {
		return usageErrorHint("helper git takes an operation; git gives it", "see: codex-cred helper git --help")
	}
	return p.withSource(c, func(ctx context.Context, s wire.Source) error {
		return git.Serve(ctx, c.Args().First(), p.stdin, p.stdout, s)
	})
}

// helperDocker tells errors on standard output, where docker looks for them.
func (p *program) helperDocker(c *cli.Context) error {
	if c.NArg() == 1 && c.Args().First() == "version" {
		return write(p.stdout, "codex-cred "+version+"\n")
	}
	err := usageErrorHint("helper docker takes one operation", "see: codex-cred helper docker --help")
	if c.NArg() == 1 {
		err = p.withSource(c, func(ctx context.Context, s wire.Source) error {
			return docker.Serve(ctx, c.Args().First(), p.stdin, p.stdout, s)
		})
	}
	if err == nil {
		return nil
	}
	told := reason(err)
	return errors.Join(write(p.stdout, told+"\n"), &toldError{&commandError{err, exitOther}})
}

// helperGoauth only tells why a host has no token if others have one: the go command
// reads no answer of a program that fails.
func (p *program) helperGoauth(c *cli.Context) error {
	return p.withSource(c, func(ctx context.Context, s wire.Source) error {
		var answer bytes.Buffer
		err := goauth.Serve(ctx, c.Args().Slice(), p.stdin, &answer, s)
		if err != nil && answer.Len() > 0 {
			p.report(err)
			err = nil
		}
		return errors.Join(err, write(p.stdout, answer.String()))
	})
}

func (p *program) helperKubernetes(c *cli.Context) error {
	asked, err := kubernetes.Version(p.getenv(kubernetes.InfoVariable))
	if err != nil {
		return err
	}
	return p.giveToken(c, func(t wire.Token) error { return kubernetes.Encode(p.stdout, asked, t) })
}

func (p *program) helperClaude(c *cli.Context) error {
	return p.giveToken(c, func(t wire.Token) error { return claude.Encode(p.stdout, t) })
}

// withSource serves a caller that names a host.
func (p *program) withSource(c *cli.Context, serve func(context.Context, wire.Source) error) error {
	w, err := p.wire()
	if err != nil {
		return err
	}
	ctx, cancel, req, err := p.within(c, helper.Request{})
	if err != nil {
		return err
	}
	defer cancel()
	return serve(ctx, hostSource{program: p, wiring: w, request: req})
}

// giveToken serves a caller that names no host but an account.
func (p *program) giveToken(c *cli.Context, encode func(wire.Token) error) error {
	answer, err := p.ask(c, helper.Request{})
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	return errors.Join(encode(tokenOf(answer)), err)
}
