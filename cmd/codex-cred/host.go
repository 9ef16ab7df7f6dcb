package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
)

func (p *program) hostCommand() *cli.Command {
	return group("host", "say which account answers which host, for git, docker and go",
		&cli.Command{
			Name: "add", Usage: "let an account answer a host",
			UsageText:   "codex-cred host add HOST [ACCOUNT] [--allow-foreign-host]",
			Description: "codex-cred host add https://git.example work\ncodex-cred host add registry.example:5000 work",
			ArgsUsage: `HOST is a name and, if it is not the usual one, a port, without a path: exactly
that host gets the token, and no other. It is https, or http on 127.0.0.1 or [::1].
The token of a ChatGPT account goes to no host but ChatGPT's, unless the flag
allows it.`,
			Flags: []cli.Flag{
				boolFlag("allow-foreign-host",
					"send a ChatGPT token to a host that is not ChatGPT's; it can do there all that you can"),
			},
			Action: p.hostAdd,
		},
		&cli.Command{
			Name: "list", Usage: "list the hosts",
			UsageText:   "codex-cred host list [--format table|json]",
			Description: "codex-cred host list\ncodex-cred host list --format json",
			Flags:       []cli.Flag{formatFlag("table", "json")},
			Action:      p.hostList,
		},
		&cli.Command{
			Name: "remove", Usage: "let nobody answer a host any more",
			UsageText:   "codex-cred host remove HOST",
			Description: "codex-cred host remove https://git.example",
			Action:      p.hostRemove,
		},
	)
}

func (p *program) hostAdd(c *cli.Context) error {
	if c.NArg() < 1 || c.NArg() > 2 {
		return fault.UsageHint("host add takes a host and an account", "see: codex-cred host add --help")
	}
	host, err := hostArgument(c)
	if err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	account := c.Args().Get(1)
	if account == "" {
		account, err = p.defaultAccount(w)
	}
	if err != nil {
		return err
	}
	if _, err := w.Records.Read(c.Context, account); err != nil {
		return helper.ForAccount(account, err) // checked before a lock is created for it
	}
	row := hosttable.Row{Host: host, Account: account, Foreign: c.Bool("allow-foreign-host")}
	if err := w.withLock(c.Context, account, func() error { return w.putHost(c, row) }); err != nil {
		return helper.ForAccount(account, err)
	}
	p.Warn("account %q answers %s", account, host)
	return nil
}

// putHost adds the row. The caller holds the account's lock, because an erase
// or a rename that missed the row would leave it to the next account of that
// name.
func (w *wiring) putHost(c *cli.Context, row hosttable.Row) error {
	rec, err := w.Records.Read(c.Context, row.Account)
	if err != nil {
		return err
	}
	if err := checkForeign(row, rec.Credential); err != nil {
		return err
	}
	return w.Hosts.Put(row)
}

// checkForeign refuses to send a ChatGPT token to a host that is not ChatGPT's,
// where only a thief could use it.
func checkForeign(row hosttable.Row, c helper.Credential) error {
	if row.Foreign || !wire.Foreign(row.Host, c) {
		return nil
	}
	return fault.WithHint(fmt.Errorf("a ChatGPT token is not for %s: %w", row.Host, fault.ErrForeign),
		fmt.Sprintf("if you mean it: codex-cred host add %s %s --allow-foreign-host", row.Host, row.Account))
}

func hostArgument(c *cli.Context) (wire.Host, error) {
	host, err := wire.ParseHost(c.Args().First())
	if err != nil {
		return wire.Host{}, fault.WithHint(err, "give it as https://NAME or https://NAME:PORT")
	}
	_, bare, ok := strings.Cut(c.Args().First(), "://")
	if !ok {
		bare = c.Args().First()
	}
	if _, path, _ := strings.Cut(bare, "/"); path != "" {
		return wire.Host{}, fault.UsageHint("a host is given without a path, for every path of it gets the token",
			"if that is meant: "+host.String())
	}
	return host, nil
}

// A hostLine is a row of the table of hosts in JSON.
type hostLine struct {
	Host    string `json:"host"`
	Account string `json:"account"`
	Foreign bool   `json:"allow_foreign_host,omitempty"`
}

func (p *program) hostList(c *cli.Context) error {
	if err := p.noArguments(c); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	rows, err := w.Hosts.Rows()
	if err != nil {
		return err
	}
	lines := make([]hostLine, 0, len(rows))
	cells := [][]terminal.Cell{{{Text: "HOST", Style: terminal.Header}, {Text: "ACCOUNT", Style: terminal.Header}}}
	for _, r := range rows {
		lines = append(lines, hostLine{r.Host.String(), r.Account, r.Foreign})
		cells = append(cells, []terminal.Cell{
			{Text: r.Host.String(), Style: terminal.Plain},
			{Text: r.Account, Style: terminal.Plain},
		})
	}
	switch {
	case c.String("format") == "json":
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int        `json:"schema_version"`
			Hosts         []hostLine `json:"hosts"`
		}{terminal.SchemaVersion, lines})
	case len(rows) == 0:
		p.Warn("no host gets a token; add one with: codex-cred host add HOST")
		return nil
	}
	return terminal.Write(p.Out, p.Table(cells))
}

func (p *program) hostRemove(c *cli.Context) error {
	if c.NArg() != 1 {
		return fault.UsageHint("host remove takes a host", "see: codex-cred host remove --help")
	}
	host, err := hostArgument(c)
	if err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	err = w.Hosts.Remove(host)
	if errors.Is(err, helper.ErrNotFound) {
		return fault.WithHint(err, "see what there is: codex-cred host list")
	}
	if err == nil {
		p.Warn("no account answers %s any more", host)
	}
	return err
}
