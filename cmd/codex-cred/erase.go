package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) eraseCommand() *cli.Command {
	return &cli.Command{
		Name:      "erase",
		Aliases:   []string{"logout"},
		Usage:     "delete an account's tokens and every trace of it",
		UsageText: "codex-cred erase [ACCOUNT | --all | --legacy] [flags]",
		Description: `codex-cred erase work
codex-cred erase work --revoke
codex-cred erase --all --dry-run
codex-cred erase --legacy --dry-run
codex-cred erase --all --yes --format json`,
		Flags: []cli.Flag{
			boolFlag("all", "every account, then all else that is ours"),
			legacyFlag(),
			boolFlag("revoke", "first make the tokens useless at the issuer; that may end the sign-in on other computers too"),
			boolFlag("dry-run", "only list what would be removed"),
			boolFlag("yes", "do not ask before --all and --legacy", "y"),
			formatFlag("text", "json"),
		},
		Action: p.erase,
	}
}

func (p *program) erase(c *cli.Context) error {
	if c.Bool("all") && c.NArg() > 0 {
		return fault.Usage("erase takes an account or --all, not both")
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	e := eraser{program: p, wiring: w, whole: c.Bool("all"), revoke: c.Bool("revoke"), dryRun: c.Bool("dry-run")}
	account, receipts, err := e.ours(c)
	if word := legacyOf(c); err == nil && word != "" {
		var older []*receipt
		older, err = e.older(c.Context, word, c.Bool("yes"))
		receipts = append(receipts, older...)
	}
	if err == nil {
		return p.printReceipts(c, account, receipts)
	}
	return errors.Join(err, p.writeReceipts(c.String("format"), receipts, false))
}

// ours erases what the command line names of codex-cred's own. --legacy alone
// names nothing.
func (e *eraser) ours(c *cli.Context) (account string, receipts []*receipt, err error) {
	switch {
	case c.Bool("all"):
		receipts, err = e.all(c.Context, c.Bool("yes"))
		return "", receipts, err
	case c.NArg() == 0 && legacyOf(c) != "":
		return "", nil, nil
	}
	if account, err = e.program.account(argumentsOf(c), e.wiring); err != nil {
		return "", nil, err
	}
	receipts, err = e.one(c.Context, account)
	return account, receipts, err
}

// all erases every account and then the root directory.
func (e *eraser) all(ctx context.Context, yes bool) ([]*receipt, error) {
	names, err := e.Accounts.List()
	if err != nil {
		return nil, err
	}
	o, err := e.orphans()
	if err != nil {
		return nil, err
	}
	if err := e.confirm(ctx, names, yes || len(names)+len(o.signIns) == 0); err != nil {
		return nil, err
	}
	receipts := make([]*receipt, 0, len(names)+1)
	told := e.Progress("erasing accounts", len(names))
	defer told.End()
	for _, name := range names {
		r, err := e.account(ctx, name)
		if err != nil {
			r = &receipt{Account: name}
			r.keep(artefact{kind: "account file", where: e.Accounts.Path(name)}, exit.Line(err))
		}
		receipts = append(receipts, r)
		told.Step()
	}
	return append(receipts, e.rest(ctx)), ctx.Err()
}

// one erases one account, and the directories that are empty after that.
func (e *eraser) one(ctx context.Context, name string) ([]*receipt, error) {
	r, err := e.account(ctx, name)
	if r == nil || err != nil && len(r.Artefacts) == 0 {
		return nil, err
	}
	if err == nil && r.clean() {
		e.removeLogs(ctx, r)
	}
	return append([]*receipt{r}, e.empty(ctx)...), errors.Join(err, ctx.Err())
}

// rest removes what belongs to no account, if no account is left. A sign-in in
// progress may lose its lock file, which then no longer keeps other sign-ins
// out, but nothing else.
func (e *eraser) rest(ctx context.Context) *receipt {
	r := &receipt{}
	if e.dryRun {
		e.lookRest(ctx, r)
		return r
	}
	if names, err := e.Accounts.List(); err != nil || len(names) > 0 {
		return r
	}
	o, err := e.orphans()
	if err == nil {
		err = e.removeSignIns(ctx, r, o.signIns)
	}
	if err == nil && !r.failed() {
		o, err = e.orphans() // without what was just removed
	}
	if err != nil {
		r.keep(directory(e.Root), exit.Line(err))
	}
	e.removeSetups(ctx, r, every)
	if !r.clean() {
		return r
	}
	e.removeLogs(ctx, r)
	for _, a := range append(append(o.files, e.tables()...), e.ofRoot()...) {
		r.remove(ctx, a)
	}
	return r
}

// lookRest adds to the receipt what rest would remove.
func (e *eraser) lookRest(ctx context.Context, r *receipt) {
	o, err := e.orphans()
	if err != nil {
		r.keep(directory(e.Root), exit.Line(err))
	}
	for _, s := range o.signIns {
		r.look(ctx, e.item(s))
	}
	if names, err := e.Accounts.List(); err == nil {
		r.lookAll(ctx, e.ofSetups(e.wiring, except(names)))
	}
	r.lookAll(ctx, append(append(append(o.files, e.tables()...), e.logs()...), e.ofRoot()...))
}

// empty removes the root if it holds only empty directories. Anything else may
// belong to a sign-in in progress.
func (e *eraser) empty(ctx context.Context) []*receipt {
	if names, err := e.Accounts.List(); e.dryRun || err != nil || len(names) > 0 {
		return nil
	}
	r := &receipt{}
	for _, a := range e.ofRoot() {
		r.remove(ctx, a)
	}
	r.Artefacts = slices.DeleteFunc(r.Artefacts, func(l line) bool { return l.State == stateFailed })
	return []*receipt{r}
}

func (e *eraser) confirm(ctx context.Context, names []string, yes bool) error {
	if yes || e.dryRun {
		return nil
	}
	question := fmt.Sprintf("Erase %s (%s)? Type yes: ", terminal.Plural(len(names), "account"), strings.Join(names, ", "))
	return e.ask(ctx, question, "erase of every account")
}

// ask requires the user to type yes. Without a terminal it returns an error
// that says what needs the confirmation.
func (e *eraser) ask(ctx context.Context, question, what string) error {
	if !terminal.IsTerminal(e.In) || !terminal.IsTerminal(e.Err) || e.Unattended() != "" {
		return fault.WithHint(fmt.Errorf("%s %w to confirm it", what, fault.ErrNeedsPerson),
			"add --yes, or look first with --dry-run")
	}
	_, _ = io.WriteString(e.Err, question)
	answer, err := e.line(ctx)
	if err != nil {
		return err
	}
	if answer != "yes" {
		return fault.WithHint(errors.New("nothing was erased"), "type the whole word, or add --yes")
	}
	return nil
}

// line reads a line from the user. It returns when ctx is canceled.
func (p *program) line(ctx context.Context) (string, error) {
	read := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(p.In).ReadString('\n')
		read <- strings.TrimSpace(text)
	}()
	select {
	case text := <-read:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (p *program) printReceipts(c *cli.Context, account string, receipts []*receipt) error {
	if err := p.writeReceipts(c.String("format"), receipts, c.Bool("dry-run")); err != nil {
		return err
	}
	if c.Bool("dry-run") {
		return nil
	}
	for _, r := range receipts {
		switch {
		case !r.clean() && (c.Bool("all") || r.Title != ""):
			return fault.WithHint(fault.ErrFindings, "mend what the list names, then run it again")
		case !r.clean():
			return helper.ForAccount(account, fault.ErrFindings)
		}
	}
	for _, r := range receipts {
		if !r.revoked() {
			return helper.ForAccount(r.Account,
				fault.WithHint(fault.ErrNotRevoked, "end the session in your account at the issuer, or let the tokens expire"))
		}
	}
	return nil
}

func (p *program) writeReceipts(format string, receipts []*receipt, dryRun bool) error {
	if len(receipts) == 0 {
		return nil
	}
	if format == "json" {
		return terminal.WriteJSON(p.Out, struct {
			SchemaVersion int        `json:"schema_version"`
			DryRun        bool       `json:"dry_run,omitempty"`
			Accounts      []*receipt `json:"accounts"`
		}{terminal.SchemaVersion, dryRun, receipts})
	}
	var b strings.Builder
	for _, r := range receipts {
		b.WriteString(r.text())
	}
	if !dryRun {
		b.WriteString(wrapped("",
			"Copies in backups, in snapshots and on flash media can remain; --revoke is what makes them useless."))
	}
	return terminal.Write(p.Out, b.String())
}
