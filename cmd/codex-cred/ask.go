package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// askTime is the default timeout of a command that asks for a token.
const askTime = 30 * time.Second

// askFlags returns the flags of every command that asks for a token.
func askFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{
			Name: "min-ttl", Usage: "least remaining life of the token, `TIME` such as 5m",
			DefaultText: "5 minutes or a tenth of its life",
		},
		&cli.DurationFlag{Name: "timeout", Value: askTime, Usage: "give up after `TIME`"},
	}
}

// A tokenLine is the command line of a command that returns a token. A field is
// zero if the command has no flag for it.
type tokenLine struct {
	arguments
	minTTL, timeout  durationFlag
	format, shell    string
	refresh, offline bool
	force            bool
	rejected         string
	isRejectedSet    bool
}

func lineOf(c *cli.Context) tokenLine {
	return tokenLine{
		arguments: argumentsOf(c),
		minTTL:    durationOf(c, "min-ttl"), timeout: durationOf(c, "timeout"),
		format: c.String("format"), shell: c.String("shell"),
		refresh: c.Bool("refresh"), offline: c.Bool("offline"), force: c.Bool(forceName),
		rejected: c.String(rejectedFlag), isRejectedSet: c.IsSet(rejectedFlag),
	}
}

// withTimeout returns a context with the command's timeout, and the request
// with the least remaining life that the caller needs.
func (p *program) withTimeout(
	ctx context.Context, line tokenLine, req helper.Request,
) (context.Context, context.CancelFunc, helper.Request, error) {
	var err error
	if req.MinTTL, err = p.duration(line.minTTL, "CODEX_CRED_MIN_TTL"); err != nil {
		return nil, nil, req, err
	}
	timeout, err := p.duration(line.timeout, "CODEX_CRED_TIMEOUT")
	if err != nil {
		return nil, nil, req, err
	}
	limited, cancel := newLazyContext(ctx, func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, timeout)
	})
	return limited, cancel, req, nil
}

// ask asks for a token of the account on the command line. The answer is valid
// if the error is nil or helper.ErrNotStored. ask prints the answer's warning.
func (p *program) ask(ctx context.Context, line tokenLine, req helper.Request) (helper.Answer, error) {
	w, err := p.wire() //nolint:contextcheck // the log is written even if the request is canceled
	if err != nil {
		return helper.Answer{}, err
	}
	if req.Account, err = p.account(line.arguments, w); err != nil {
		return helper.Answer{}, err
	}
	ctx, cancel, req, err := p.withTimeout(ctx, line, req)
	if err != nil {
		return helper.Answer{}, err
	}
	defer cancel()
	answer, err := p.helper(w).Get(ctx, req)
	answer, err = w.NoteUndecided(req.Account, answer, err)
	p.warnOf(req.Account, answer)
	return answer, err
}

// warnOf prints why the token is less than the caller asked for, if it is.
func (p *program) warnOf(account string, answer helper.Answer) {
	if answer.Warning == nil {
		return
	}
	err := helper.ForAccount(account, answer.Warning)
	line := terminal.OneLine(err.Error())
	switch {
	case errors.Is(err, helper.ErrTooLarge), errors.Is(err, helper.ErrUnread): // only the user can resolve these
		line = exit.JoinHint(line, exit.Hint(err))
	case errors.Is(err, helper.ErrBusy): // the other process may be suspended
		line = exit.JoinHint(line, exit.WhoHolds)
	}
	p.Warn("warning: %s", line)
}

// tokenOf returns the token that callers get for the answer.
func tokenOf(answer helper.Answer) wire.Token { return wire.NewToken(answer.Credential) }
