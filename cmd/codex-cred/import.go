package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/moving"
)

func fromFlag() *choice {
	flag := &cli.StringFlag{
		Name:  "from",
		Usage: "`SOURCE`: codex, opencode, oc-codex-multi-auth, a file of one of them (1 MiB at most), or - for standard input",
	}
	return &choice{
		StringFlag: flag, words: []string{string(moving.Codex), string(moving.OpenCode), string(moving.Pool)},
		files: true,
	}
}

func (p *program) importCommand() *cli.Command {
	return &cli.Command{
		Name:      "import",
		Usage:     "move the sign-ins of another program here",
		UsageText: "codex-cred import --from codex|opencode|oc-codex-multi-auth|FILE|- [flags]",
		Description: `codex-cred import --from codex --dry-run      # what would be done
codex-cred import --from codex                # from Codex's auth.json
codex-cred import --from opencode --as work
codex-cred import --from oc-codex-multi-auth  # every account of it
codex-cred import --from /backup/auth.json`,
		ArgsUsage: `The sign-in is stored, read back, and then removed from where it was, of which
no copy is kept: a refresh token works once, and two programs that use it would end
the sign-in. So that program is signed out, and this cannot be undone; everything
else in its file stays. End that program first. If anything goes wrong on the way,
the same command finishes it.

With --keep-source the other program goes on using it. The account is then a copy:
get prints its access token until that ends, and nothing is refreshed here until
the same command without --keep-source moves it for good, or finds it gone.`,
		Flags: []cli.Flag{
			fromFlag(),
			boolFlag("dry-run", "list what would be done, and do nothing"),
			boolFlag("keep-source", "leave the sign-in there too, and refresh nothing here"),
			&cli.StringFlag{
				Name: "as", Usage: "`NAME` of the account, if it is one",
				DefaultText: "what the other program calls it",
			},
			boolFlag("replace", "replace the sign-in of an account of the same seat"),
			storeFlag(),
			showEmailFlag(),
		},
		Action: p.importFrom,
	}
}

func (p *program) importFrom(c *cli.Context) error {
	if err := p.noArguments(c); err != nil {
		return err
	}
	want := importOptions{as: c.String("as"), replace: c.Bool("replace"), keepThere: c.Bool("keep-source")}
	if want.as != "" {
		if err := helper.CheckName(want.as); err != nil {
			return err
		}
	}
	s, err := p.source(c.Context, c.String("from"))
	if err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	if want.store, err = p.storeChoice(c); err != nil {
		return err
	}
	w.WaitForPerson()
	found, none, err := p.read(c.Context, s)
	if err != nil {
		return err
	}
	pl, err := p.planImport(c.Context, w, s, found, want)
	switch {
	case err != nil:
		return err
	case len(pl.moves) == 0 && (len(pl.gone) == 0 || want.keepThere):
		return none
	case c.Bool("dry-run"):
		return p.showPlan(c, pl, want)
	case !pl.doesSomething():
		p.tellLeft(pl)
		return pl.left()
	}
	err = p.oneAtATime(c.Context, w, "import", func() error {
		p.tellLeft(pl)
		return p.carryOut(c.Context, w, &pl, want)
	})
	if err != nil {
		w.tidyRoot(context.WithoutCancel(c.Context))
	}
	return err
}

func (pl importPlan) doesSomething() bool {
	for _, m := range pl.moves {
		if m.does != doesNothing {
			return true
		}
	}
	return len(pl.gone) > 0
}

// tellLeft prints which sign-ins stay where they are, and why, unless there is
// only one sign-in.
func (p *program) tellLeft(pl importPlan) {
	for _, m := range pl.moves {
		if m.does == doesNothing && len(pl.moves) > 1 {
			p.Warn("%s: nothing is done: %s", terminal.Sanitize(m.where()),
				exit.JoinHint(terminal.OneLine(m.reason.Error()), fault.Hint(m.reason)))
		}
	}
}

// showPlan lists what an import would do.
func (p *program) showPlan(c *cli.Context, pl importPlan, want importOptions) error {
	head := make([]terminal.Cell, 0, 8)
	for _, title := range []string{"ACCOUNT", "E-MAIL", "PLAN", "SEAT", "EXPIRES", "FROM", "TO", "DOES"} {
		head = append(head, terminal.Cell{Text: title, Style: terminal.Header})
	}
	rows := append(make([][]terminal.Cell, 0, 1+len(pl.moves)+len(pl.gone)), head)
	for _, m := range pl.moves {
		id := m.credential.Identity
		v := accountStatus{}
		v.fill(m.credential, c.Bool("show-email"))
		expires, seat, to := "-", strings.Trim(terminal.Sanitize(id.AccountID+"/"+id.UserID), "/"), m.storeShown()
		if !m.credential.AccessToken.IsZero() {
			expires = v.expires(p.Now())
		}
		rows = append(rows, []terminal.Cell{
			{Text: orDash(m.account), Style: terminal.Plain},
			{Text: orDash(v.Email), Style: terminal.Plain},
			{Text: orDash(v.Plan), Style: terminal.Plain},
			{Text: orDash(seat), Style: terminal.Plain},
			{Text: expires, Style: terminal.Plain},
			{Text: terminal.Sanitize(m.where()), Style: terminal.Plain},
			{Text: to, Style: terminal.Plain},
			{Text: m.shown(want), Style: terminal.Plain},
		})
	}
	for _, a := range pl.gone {
		rows = append(rows, []terminal.Cell{
			{Text: a.Name, Style: terminal.Plain},
			{Text: "-", Style: terminal.Plain},
			{Text: "-", Style: terminal.Plain},
			{Text: "-", Style: terminal.Plain},
			{Text: "-", Style: terminal.Plain},
			{Text: terminal.Sanitize(a.Shared), Style: terminal.Plain},
			{Text: a.Store, Style: terminal.Plain},
			{Text: "refresh from now on: it is not there any more", Style: terminal.Plain},
		})
	}
	return terminal.Write(p.Out, p.Table(rows))
}

func (m move) storeShown() string {
	switch {
	case m.does == doesNothing:
		return "-"
	case m.store == home.StoreAuto:
		return "keychain, else file"
	}
	return m.store
}

// shown describes what the import does with the sign-in.
func (m move) shown(want importOptions) string {
	verb := "move"
	if want.keepThere {
		verb = "copy"
	}
	switch m.does {
	case doesNothing:
		return "nothing: " + exit.JoinHint(terminal.OneLine(m.reason.Error()), fault.Hint(m.reason))
	case doesReplace:
		return verb + ", and replace what the account has"
	case doesFinish:
		if want.keepThere {
			return "nothing: the account has it already"
		}
		return "finish the move: remove it there"
	}
	return verb
}
