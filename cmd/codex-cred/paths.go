package main

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) pathsCommand() *cli.Command {
	return &cli.Command{
		Name:        "paths",
		Usage:       "list everything of ours on this computer",
		UsageText:   "codex-cred paths [--format table|json]",
		Description: "codex-cred paths\ncodex-cred paths --format json",
		Flags:       []cli.Flag{formatFlag("table", "json")},
		Action:      p.paths,
	}
}

// A pathLine is something that exists, or that could not be inspected.
type pathLine struct {
	Account string `json:"account,omitempty"`
	Kind    string `json:"kind"`
	Where   string `json:"where"`
	Reason  string `json:"reason,omitempty"`
}

func (p *program) paths(c *cli.Context) error {
	if err := p.noArguments(c); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	lines, err := p.present(c.Context, w)
	if err != nil {
		return err
	}
	if c.String("format") == "json" {
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int        `json:"schema_version"`
			Root          string     `json:"root"`
			Paths         []pathLine `json:"paths"`
		}{terminal.SchemaVersion, w.Root, lines})
	}
	if len(lines) == 0 {
		p.Warn("there is nothing of ours; it would be under %s", w.Root)
		return nil
	}
	rows := [][]terminal.Cell{{
		{Text: "ACCOUNT", Style: terminal.Header},
		{Text: "KIND", Style: terminal.Header},
		{Text: "WHERE", Style: terminal.Header},
	}}
	for _, l := range lines {
		where := l.Where
		if l.Reason != "" {
			where += ": " + l.Reason
		}
		rows = append(rows, []terminal.Cell{
			{Text: orDash(l.Account), Style: terminal.Plain},
			{Text: l.Kind, Style: terminal.Plain},
			{Text: where, Style: terminal.Plain},
		})
	}
	return terminal.Write(p.Out, p.Table(rows))
}

// present returns the existing artefacts of every account and of the root.
func (p *program) present(ctx context.Context, w *wiring) ([]pathLine, error) {
	names, err := w.Accounts.List()
	if err != nil {
		return nil, err
	}
	lines := []pathLine{}
	told := p.Progress("looking at accounts", len(names))
	defer told.End()
	for _, name := range names {
		list := w.ofAccount(name)
		signIns, err := w.signIns(name)
		if err != nil {
			return nil, helper.ForAccount(name, err)
		}
		for _, s := range signIns {
			list = append(list, w.ofSignIn(s)...)
		}
		list = append(list, p.ofSetups(w, only(name))...)
		lines = append(lines, presentOf(ctx, name, list)...)
		told.Step()
	}
	o, err := w.orphans()
	if err != nil {
		return nil, err
	}
	rest := append(append(p.ofSetups(w, except(names)), o.files...), w.tables()...)
	rest = append(append(rest, w.logs()...), w.ofRoot()...)
	return append(lines, presentOf(ctx, "", rest)...), ctx.Err()
}

func presentOf(ctx context.Context, account string, list []artefact) []pathLine {
	var lines []pathLine
	for _, a := range list {
		present, err := a.present(ctx)
		if err == nil && !present {
			continue
		}
		l := pathLine{Account: account, Kind: a.kind, Where: a.where}
		if err != nil && !errors.Is(err, context.Canceled) {
			l.Reason = exit.Line(err)
		}
		lines = append(lines, l)
	}
	return lines
}
