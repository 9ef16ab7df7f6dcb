package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) refreshCommand() *cli.Command {
	return &cli.Command{
		Name:      "refresh",
		Usage:     "refresh accounts, so that idle ones stay signed in",
		UsageText: "codex-cred refresh [ACCOUNT | --all] [flags]",
		Description: `codex-cred refresh work
codex-cred refresh --all
codex-cred refresh --all --format json`,
		Flags: []cli.Flag{
			boolFlag("all", "every account whose access token is past half of its life, for a daily timer"),
			forceFlag(""),
			&cli.DurationFlag{Name: "timeout", Value: 2 * time.Minute, Usage: "give up on an account after `TIME`"},
			formatFlag("table", "json"),
		},
		Action: p.refresh,
	}
}

// Results of refreshing an account. Failures have the kind of the error instead.
const (
	resultRefreshed = "refreshed"
	resultNotDue    = "not due"
	resultCannot    = "no refresh token"
)

// A refreshLine is an account and the result of its refresh.
type refreshLine struct {
	Account string     `json:"account"`
	Result  string     `json:"result"`
	Expiry  *time.Time `json:"expiry,omitempty"`
	Reason  string     `json:"reason,omitempty"`
}

// refresh refreshes the accounts one after another. If some fail, it tries the rest and returns the
// first error. It runs no two at once, because an issuer may treat simultaneous refreshes as the
// use of stolen tokens.
func (p *program) refresh(c *cli.Context) error {
	all := c.Bool("all")
	switch {
	case all && c.NArg() > 0:
		return fault.Usage("refresh takes an account or --all, not both")
	case all && c.Bool(forceName):
		return fault.Usage("refresh takes --all or --force, not both: force one account")
	}
	timeout, err := p.duration(durationOf(c, "timeout"), "CODEX_CRED_TIMEOUT")
	if err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	names, err := p.toRefresh(c, w)
	if err != nil {
		return err
	}
	var first error
	lines := make([]refreshLine, 0, len(names))
	for _, name := range names {
		l, err := p.refreshOne(c.Context, w, name, demand{timeout: timeout, onlyOld: all, force: c.Bool(forceName)})
		lines = append(lines, l)
		switch {
		case first == nil:
			first = err
		case err != nil:
			p.Warn("%s", exit.Line(err))
		}
		if c.Err() != nil {
			break
		}
	}
	return errors.Join(p.printRefresh(c.String("format"), lines), first)
}

func (p *program) toRefresh(c *cli.Context, w *wiring) ([]string, error) {
	if c.Bool("all") {
		return w.Accounts.List()
	}
	name, err := p.account(argumentsOf(c), w)
	return []string{name}, err
}

// A demand is what the command line requests for every account.
type demand struct {
	timeout time.Duration
	onlyOld bool // only if the access token is past half of its life
	force   bool // even if the refresh token may already be used
}

func (p *program) refreshOne(ctx context.Context, w *wiring, name string, d demand) (refreshLine, error) {
	if d.onlyOld {
		ctx, cancel := context.WithTimeout(ctx, d.timeout)
		defer cancel()
		rec, err := w.Records.Read(ctx, name)
		if err != nil {
			return failedLine(name, helper.ForAccount(name, err))
		}
		switch {
		case rec.Credential.RefreshToken.IsZero(), rec.Account.Shared != "":
			return refreshLine{Account: name, Result: resultCannot, Expiry: when(rec.Credential.Expiry)}, nil
		case !pastHalf(rec.Credential, p.Now()) && !rec.Stale():
			return refreshLine{Account: name, Result: resultNotDue, Expiry: when(rec.Credential.Expiry)}, nil
		}
	}
	answer, err := p.renew(ctx, w, name, d)
	if errors.Is(err, helper.ErrUnanswered) && !d.onlyOld {
		if err = p.agree(ctx, answer, err, "codex-cred refresh"+fault.AsArgument(name)+" --force"); err == nil {
			d.force = true
			answer, err = p.renew(ctx, w, name, d)
		}
	}
	if err == nil {
		err = answer.Warning
	}
	if err != nil {
		return failedLine(name, helper.ForAccount(name, err))
	}
	return refreshLine{Account: name, Result: resultRefreshed, Expiry: when(answer.Credential.Expiry)}, nil
}

// renew refreshes the account within the timeout of the demand.
func (p *program) renew(ctx context.Context, w *wiring, name string, d demand) (helper.Answer, error) {
	defer p.NoticeAfter("refreshing account %q", name)()
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	return p.helper(w).Get(ctx, helper.Request{Account: name, Refresh: !d.onlyOld, Force: d.force, Idle: d.onlyOld})
}

// pastHalf reports whether the access token is in the second half of its life. It is unreliable if
// the clock was set back.
func pastHalf(c helper.Credential, now time.Time) bool {
	return c.Expiry.Sub(now) < now.Sub(c.ObtainedAt)
}

func failedLine(name string, err error) (refreshLine, error) {
	return refreshLine{Account: name, Result: exit.Classify(err).Kind, Reason: exit.Line(err)}, err
}

func (p *program) printRefresh(format string, lines []refreshLine) error {
	if format == "json" {
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int           `json:"schema_version"`
			Accounts      []refreshLine `json:"accounts"`
		}{terminal.SchemaVersion, lines})
	}
	if len(lines) == 0 {
		p.Warn("no accounts; sign in with: codex-cred login")
		return nil
	}
	rows := [][]terminal.Cell{{
		{Text: "ACCOUNT", Style: terminal.Header},
		{Text: "RESULT", Style: terminal.Header},
		{Text: "EXPIRES", Style: terminal.Header},
	}}
	for _, l := range lines {
		style := terminal.Good
		switch {
		case l.Reason != "":
			style = terminal.Bad
		case l.Result == resultCannot:
			style = terminal.Plain
		}
		rows = append(rows, []terminal.Cell{
			{Text: l.Account, Style: terminal.Plain},
			{Text: l.Result, Style: style},
			{Text: accountStatus{Expiry: l.Expiry}.expires(p.Now()), Style: terminal.Plain},
		})
	}
	return terminal.Write(p.Out, p.Table(rows))
}
