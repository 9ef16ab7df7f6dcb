package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

const doctorName = "doctor"

func (p *program) doctorCommand() *cli.Command {
	return &cli.Command{
		Name:      doctorName,
		Usage:     "look for what is wrong, and tell how to mend it",
		UsageText: "codex-cred doctor [ACCOUNT] [--fix] [--offline] [--format text|json]",
		ArgsUsage: `It refreshes nothing and sends no secret: it asks the issuer for its time, and
tries the stores with an item that it deletes again.

--fix closes our files to other users, stores an answer of the issuer that waits
in the journal, and deletes what a killed process left: sign-ins that were
replaced, temporary files and locks of no account, items for trying a store. It
deletes no token that might be in use and touches no file of other programs.

Problems make the exit status 10, warnings do not.`,
		Description: "codex-cred doctor\ncodex-cred doctor --fix\ncodex-cred doctor work --offline\ncodex-cred doctor --format json",
		Flags: []cli.Flag{
			boolFlag("fix", "mend what can be mended safely"),
			boolFlag("offline", "do not ask the issuer"),
			formatFlag("text", "json"),
		},
		Action: p.doctor,
	}
}

// A doctor is one run of the checks.
type doctor struct {
	*program
	*wiring
	account      string // the account to check; empty: all of them
	fix, offline bool
	have         []accountState // the accounts, set by readAll
	// down maps each store that failed its probe to the error.
	down map[string]error
}

// A check inspects one thing and returns at least one finding. It changes
// nothing: what fixes a problem is in its finding.
type check struct {
	name string
	look func(ctx context.Context) []finding
}

func (p *program) doctor(c *cli.Context) error {
	if c.NArg() > 1 {
		return fault.Usage("doctor takes one account, or none for all; see: codex-cred doctor --help")
	}
	d := &doctor{
		program: p, down: map[string]error{},
		account: c.Args().First(), fix: c.Bool("fix"), offline: c.Bool("offline"),
	}
	root, err := home.Root(p.Process)
	if err == nil && d.account != "" {
		err = helper.CheckName(d.account)
	}
	if err != nil {
		return err
	}
	d.wiring = p.wireAt(root)
	if d.account != "" {
		if _, err := d.Accounts.Load(d.account); errors.Is(err, helper.ErrNotFound) {
			return helper.ForAccount(d.account, err)
		}
	}
	found, err := d.examine(c.Context)
	if err != nil {
		return err
	}
	if err := p.printFindings(c.String("format"), found); err != nil {
		return err
	}
	if n := count(found, verdictProblem); n > 0 {
		return fmt.Errorf("%s %w", terminal.Plural(n, "problem"), fault.ErrProblems)
	}
	return nil
}

// checks returns the checks in the order in which they run: a check comes
// before those that depend on it.
func (d *doctor) checks() []check {
	return []check{
		{"folders above", d.checkAncestors},
		{"journal", d.checkJournals},
		{"store", d.checkStores},
		{"accounts", d.checkAccounts},
		{"computer", d.checkComputer},
		{"items", d.checkItems},
		{"files", d.checkFiles},
		{"leftovers", d.checkLeftovers},
		{"locks", d.checkLocks},
		{"other tools", d.checkOthers},
		{"setups", d.checkSetups},
		{"programs", d.checkShims},
		{"hosts", d.checkHosts},
		{"token life", d.checkLife},
		{"issuer", d.checkIssuers},
		{"certificates", d.checkRoots},
		{"ports", d.checkPorts},
		{"browser", d.checkBrowser},
	}
}

// examine runs all checks. If other users can change codex-cred's files, it
// checks nothing else.
func (d *doctor) examine(ctx context.Context) ([]finding, error) {
	defer d.tidy(ctx)()
	all := d.checks()
	told := d.Progress("checking", 1+len(all))
	defer told.End()
	found := d.run(ctx, check{"permissions", d.checkPermissions})
	told.Step()
	if count(found, verdictProblem) > 0 {
		return append(found, named("all else",
			skipped("what the files hold is not looked at while others could change it"))), ctx.Err()
	}
	for _, c := range all {
		found = append(found, d.run(ctx, c)...)
		told.Step()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return found, nil
}

// run runs one check and, with --fix, fixes what it finds.
func (d *doctor) run(ctx context.Context, c check) []finding {
	found := c.look(ctx)
	for i := range found {
		f := named(c.name, found[i])
		if d.fix && f.mend != nil {
			f = f.mended(f.mend(ctx))
		}
		found[i] = f
	}
	return found
}

// tidy returns a function that removes the root directory again if there was
// none before.
func (d *doctor) tidy(ctx context.Context) func() {
	if there, err := exists(d.Root); there || err != nil {
		return func() {}
	}
	return func() {
		for _, a := range d.ofRoot() {
			_ = a.remove(context.WithoutCancel(ctx)) // fails if a sign-in has just begun to use it
		}
	}
}
