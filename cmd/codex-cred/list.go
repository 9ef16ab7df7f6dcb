package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

func showEmailFlag() *cli.BoolFlag {
	return boolFlag("show-email", "show e-mail addresses in full")
}

func (p *program) listCommand() *cli.Command {
	return &cli.Command{
		Name:        "list",
		Usage:       "list the accounts",
		UsageText:   "codex-cred list [--format table|json] [--show-email]",
		Description: "codex-cred list\ncodex-cred list --format json",
		ArgsUsage:   "The default account has a * after its name.",
		Flags:       []cli.Flag{formatFlag("table", "json"), showEmailFlag()},
		Action:      p.list,
	}
}

func (p *program) list(c *cli.Context) error {
	if err := p.noArguments(c); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	names, err := w.Accounts.List()
	if err != nil {
		return err
	}
	chosen, _ := p.defaultAccount(w) // if the choice is damaged, no account is marked
	views := make([]accountStatus, 0, len(names))
	told := p.Progress("reading accounts", len(names))
	for _, name := range names {
		v := p.look(c.Context, w, name, c.Bool("show-email"))
		v.Default = name == chosen
		views = append(views, v)
		told.Step()
	}
	told.End()
	if c.String("format") == "json" {
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int             `json:"schema_version"`
			Accounts      []accountStatus `json:"accounts"`
		}{terminal.SchemaVersion, views})
	}
	if len(views) == 0 {
		p.Warn("no accounts; sign in with: codex-cred login")
		return nil
	}
	return terminal.Write(p.Out, p.Table(listRows(views, p.Now())))
}

func listRows(views []accountStatus, now time.Time) [][]terminal.Cell {
	rows := make([][]terminal.Cell, 0, 1+len(views))
	rows = append(rows, []terminal.Cell{
		{Text: "ACCOUNT", Style: terminal.Header},
		{Text: "E-MAIL", Style: terminal.Header},
		{Text: "PLAN", Style: terminal.Header},
		{Text: "STORE", Style: terminal.Header},
		{Text: "EXPIRES", Style: terminal.Header},
		{Text: "HEALTH", Style: terminal.Header},
	})
	for _, v := range views {
		rows = append(rows, []terminal.Cell{
			{Text: v.marked(), Style: terminal.Plain},
			{Text: orDash(v.Email), Style: terminal.Plain},
			{Text: orDash(v.Plan), Style: terminal.Plain},
			{Text: orDash(terminal.Sanitize(v.Store)), Style: terminal.Plain},
			{Text: v.expires(now), Style: terminal.Plain},
			v.healthCell(),
		})
	}
	return rows
}

// marked returns the account's name, with a star if it is the default one.
func (v accountStatus) marked() string {
	if v.Default {
		return v.Account + " *"
	}
	return v.Account
}

func (v accountStatus) expires(now time.Time) string {
	if v.Expiry == nil {
		return "-"
	}
	return terminal.FromNow(*v.Expiry, now)
}

func (v accountStatus) healthCell() terminal.Cell {
	switch v.Health {
	case healthOK:
		return terminal.Cell{Text: v.Health, Style: terminal.Good}
	case healthDue, healthCopy:
		return terminal.Cell{Text: v.Health, Style: terminal.Poor}
	}
	return terminal.Cell{Text: v.Health, Style: terminal.Bad}
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// timeAndSpan returns a time as a span from now and as a date.
func timeAndSpan(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s)", terminal.FromNow(*t, now), t.Local().Format("2006-01-02 15:04"))
}
