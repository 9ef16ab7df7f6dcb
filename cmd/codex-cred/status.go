package main

import (
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

func (p *program) statusCommand() *cli.Command {
	return &cli.Command{
		Name:        "status",
		Usage:       "tell how an account stands",
		UsageText:   "codex-cred status [ACCOUNT] [--format table|json] [--show-email]",
		Description: "codex-cred status\ncodex-cred status work --format json",
		Flags:       []cli.Flag{formatFlag("table", "json"), showEmailFlag()},
		Action:      p.status,
	}
}

// status prints the account. It returns the error of get if the user must act.
func (p *program) status(c *cli.Context) error {
	w, err := p.wire()
	if err != nil {
		return err
	}
	account, err := p.account(argumentsOf(c), w)
	if err != nil {
		return err
	}
	v := p.look(c.Context, w, account, c.Bool("show-email"))
	chosen, _ := p.defaultAccount(w) // if the choice is damaged, no account is the default
	v.Default = account == chosen
	if v.Store == "" {
		return v.err
	}
	if c.String("format") == "json" {
		err = terminal.WriteJSON(p.Out, struct {
			SchemaVersion int `json:"schema_version"`
			accountStatus
		}{terminal.SchemaVersion, v})
	} else {
		err = terminal.Write(p.Out, p.Table(p.statusRows(v)))
	}
	if err != nil {
		return err
	}
	return v.err
}

// lastAnswer describes an issuer's answer that could not be parsed, or is empty.
func (v accountStatus) lastAnswer() string {
	if !v.Unread {
		return ""
	}
	return "could not be read and is kept; run: codex-cred refresh" + fault.AsArgument(v.Account)
}

func (p *program) statusRows(v accountStatus) [][]terminal.Cell {
	health := v.healthCell()
	rows := [][]terminal.Cell{
		{{Text: "Account", Style: terminal.Header}, {Text: v.marked(), Style: terminal.Plain}},
		{{Text: "Health", Style: terminal.Header}, health},
	}
	for _, r := range []struct{ name, text string }{
		{"E-mail", v.Email},
		{"Plan", v.Plan},
		{"Account ID", v.AccountID},
		{"Expires", timeAndSpan(v.Expiry, p.Now())},
		{"Refreshed", timeAndSpan(v.Obtained, p.Now())},
		{"Signed in", timeAndSpan(v.SignedIn, p.Now())},
		{"Generation", strconv.FormatUint(v.Generation, 10)},
		{"Issuer", v.Issuer},
		{"Profile", v.Profile},
		{"Client ID", v.ClientID},
		{"Scope", v.Scope},
		{"Store", v.Place},
		{"Shared with", v.Shared},
		{"Last answer", v.lastAnswer()},
	} {
		if r.text != "" {
			rows = append(rows, []terminal.Cell{{Text: r.name, Style: terminal.Header}, {Text: r.text, Style: terminal.Plain}})
		}
	}
	return rows
}
