package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
)

// A client is a program that can run codex-cred for a token. A function is nil if the client does
// not support its flag: it has no config file that setup can edit, or it cannot show what it would
// send.
type client struct {
	name string
	// home is the default base URL of the client.
	home string
	// anywhere describes further hosts that may receive tokens, for a client whose hosts setup cannot
	// know.
	anywhere string
	// perHost: the client is set up for one host, which --host must name.
	perHost bool

	// snippet returns what a user adds to the client's config.
	snippet func(ctx context.Context, s *setup) (string, error)
	write   func(ctx context.Context, s *setup) error
	// undo removes what write added, according to the record of s.
	undo func(ctx context.Context, s *setup) error
	// present reports whether undo would remove anything.
	present func(ctx context.Context, s *setup) (bool, error)
	// verify runs the client and inspects the requests that it sends.
	verify func(ctx context.Context, s *setup) error
	// keeps returns how long the client, as it is configured, caches a token; nil if it caches none.
	// keepsLess describes how to shorten that.
	keeps     func(s *setup) time.Duration
	keepsLess string
}

// askedTTL is the --min-ttl for clients that cache a token.
const askedTTL = "10m"

// clients returns the supported clients, in the order in which they are listed.
func (p *program) clients() []client {
	return []client{
		codexClient(), claudeClient(), openCodeClient(), gitClient(), dockerClient(), kubectlClient(),
		goClient(), piClient(), pnpmClient(), rcloneClient(), curlClient(),
	}
}

// A setup is a client that requests the tokens of an account.
type setup struct {
	*program
	*wiring
	setupdir.Record
	// replace allows write to replace existing values.
	replace bool
}

func (p *program) setupCommand() *cli.Command {
	return &cli.Command{
		Name:      "setup",
		Usage:     "let another program ask for tokens",
		UsageText: "codex-cred setup CLIENT [ACCOUNT] [flags]",
		ArgsUsage: "Clients: " + p.clientNames() + ".\n\nWithout flags it prints what to put into the client's config, and changes nothing.",
		Description: `codex-cred setup codex
codex-cred setup codex work --write
codex-cred setup codex --verify
codex-cred setup codex --undo`,
		Flags: []cli.Flag{
			boolFlag("write", "edit the client's config"),
			boolFlag("undo", "take out again what --write put in"),
			boolFlag("verify", "run the client and look whether it sends the token"),
			boolFlag("replace", "with --write: replace what is configured otherwise; --undo does not bring it back"),
			&cli.StringFlag{Name: "host", Usage: "the `HOST` that the client is to send the token to"},
			&cli.StringFlag{Name: "base-url", Usage: "the `URL` that the client is to send the token to"},
			boolFlag("allow-foreign-host", "let a token for ChatGPT go to another host"),
		},
		Action: p.setUp,
	}
}

func (p *program) clientNames() string {
	list := p.clients()
	names := make([]string, 0, len(list))
	for _, c := range list {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// setUp prints the snippet, or does what the flag says. At most one of the flags may be given.
func (p *program) setUp(c *cli.Context) error {
	w, err := p.wire()
	if err != nil {
		return err
	}
	found, s, err := p.theSetup(c, w)
	if err != nil {
		return err
	}
	var chosen []string
	for _, mode := range []string{"write", "undo", "verify"} {
		if c.Bool(mode) {
			chosen = append(chosen, mode)
		}
	}
	switch {
	case len(chosen) > 1:
		return fault.Usage("--%s and --%s are two things; do one after the other", chosen[0], chosen[1])
	case s.replace && !c.Bool("write"):
		return fault.Usage("--replace is for --write; see: codex-cred setup --help")
	case len(chosen) == 0:
		return p.printSnippet(c, found, s)
	case chosen[0] == "undo":
		return s.runUndo(c.Context, found)
	case chosen[0] == "verify":
		return s.runVerify(c.Context, found)
	}
	return s.runWrite(c, found)
}

// theSetup reads the client and its settings from the command line.
func (p *program) theSetup(c *cli.Context, w *wiring) (client, *setup, error) {
	name, account := c.Args().Get(0), c.Args().Get(1)
	i := slices.IndexFunc(p.clients(), func(c client) bool { return c.name == name })
	switch {
	case name == "":
		return client{}, nil, fault.UsageHint("setup takes a client: "+p.clientNames(), "see: codex-cred setup --help")
	case i < 0:
		return client{}, nil, fault.UsageHint(
			fmt.Sprintf("setup knows no client %q; it knows: %s", terminal.Sanitize(name), p.clientNames()),
			fault.Suggest(name, strings.Split(p.clientNames(), ", "), "see: codex-cred setup --help"),
		)
	case c.NArg() > 2:
		return client{}, nil, fault.UsageHint("setup takes a client and an account", "see: codex-cred setup --help")
	}
	found := p.clients()[i]
	s := &setup{program: p, wiring: w, replace: c.Bool("replace")}
	s.Client, s.Account, s.Host, s.BaseURL = name, account, c.String("host"), c.String("base-url")
	var err error
	if account == "" {
		s.Account, err = p.defaultAccount(w)
	}
	if err == nil {
		err = helper.CheckName(s.Account)
	}
	if err == nil {
		err = s.checkFlags(found)
	}
	if err == nil {
		s.Command, err = process.Path()
	}
	if err == nil && strings.ContainsFunc(s.Command, unicode.IsControl) {
		err = fault.WithHint(
			fmt.Errorf("the path of this program, %q, has a control character in it, which no config can hold", s.Command),
			"run codex-cred through a link without one",
		)
	}
	return found, s, err
}

func (s *setup) checkFlags(c client) error {
	switch {
	case s.Host != "" && !c.perHost:
		return fault.Usage("%s is not set up for a host; use --base-url", c.name)
	case s.BaseURL != "" && c.perHost:
		return fault.Usage("%s is set up for a host; use --host", c.name)
	case s.Host != "":
		return checkHost(s.Host)
	case s.BaseURL != "":
		return checkURL(s.BaseURL)
	}
	return nil
}

func (p *program) printSnippet(c *cli.Context, found client, s *setup) error {
	if err := s.checkTarget(c.Context, found, c.Bool("allow-foreign-host")); err != nil {
		return err
	}
	text, err := found.snippet(c.Context, s)
	if err != nil {
		return err
	}
	return terminal.Write(p.Out, text)
}

// byHand is the error for a flag that the client does not support.
func byHand(c client, flag string) error {
	return fault.Usage(
		"setup has no --%s for %s; put in by hand what this prints: codex-cred setup %s", flag, c.name, c.name,
	)
}

func (s *setup) runWrite(c *cli.Context, found client) error {
	if found.write == nil {
		return byHand(found, "write")
	}
	if found.perHost && s.Host == "" {
		return fault.Usage("name the host that the token is for: codex-cred setup %s --write --host HOST", found.name)
	}
	if _, err := s.Accounts.Load(s.Account); err != nil {
		return helper.ForAccount(s.Account, err)
	}
	if found.home == "" {
		found.home = found.anywhere
	}
	if err := s.checkTarget(c.Context, found, c.Bool("allow-foreign-host")); err != nil {
		return err
	}
	if home := s.Getenv("CODEX_CRED_HOME"); home != "" {
		s.Warn("warning: CODEX_CRED_HOME is set: %s must run with it too", found.name)
	}
	return s.alone(c.Context, func(ctx context.Context) error { return found.write(ctx, s) })
}

func (s *setup) runUndo(ctx context.Context, found client) error {
	if found.undo == nil {
		return byHand(found, "undo")
	}
	if found.perHost && s.Host == "" {
		return fault.Usage("name the host: codex-cred setup %s --undo --host HOST", found.name)
	}
	err := s.undoRecorded(ctx, found)
	if errors.Is(err, helper.ErrNotFound) {
		s.Warn("%s is not set up by codex-cred: there is nothing to undo", found.name)
		return s.tidySetup(ctx)
	}
	if err == nil {
		s.Warn("%s: what setup put into its config is taken out again", found.name)
	}
	return err
}

// undoRecorded undoes the recorded setup and removes the record. [helper.ErrNotFound] means that
// there is no record.
func (s *setup) undoRecorded(ctx context.Context, found client) error {
	if _, err := s.recorded(); errors.Is(err, helper.ErrNotFound) {
		return err // before it creates a lock
	}
	err := s.alone(ctx, func(ctx context.Context) error {
		r, err := s.recorded()
		if err != nil {
			return err
		}
		s.Record = r
		if err := found.undo(ctx, s); err != nil && !errors.Is(err, helper.ErrNotFound) {
			return err
		}
		return s.Setups.Remove(r.Name)
	})
	return errors.Join(err, s.tidySetup(ctx))
}

// recorded returns the record of the client, or [helper.ErrNotFound].
func (s *setup) recorded() (setupdir.Record, error) {
	r, err := s.Setups.Load(setupdir.Name(s.Client, s.Host))
	if damaged(err) {
		err = fault.WithHint(err, repairByHand)
	}
	return r, err
}

// tidySetup removes the folder of records, and the root, if they are empty.
func (s *setup) tidySetup(ctx context.Context) error {
	if names, strays, err := s.Setups.List(); err != nil || len(names)+len(strays) > 0 {
		return nil //nolint:nilerr // paths and erase report what cannot be read
	}
	for _, a := range s.ofSetupFolder() {
		if err := a.remove(ctx); err != nil && !errors.Is(err, helper.ErrNotFound) {
			return nil // another setup is running
		}
	}
	return nil
}

func (s *setup) runVerify(ctx context.Context, found client) error {
	if found.verify == nil {
		return byHand(found, "verify")
	}
	if found.perHost && s.Host == "" {
		return fault.Usage("name the host: codex-cred setup %s --verify --host HOST", found.name)
	}
	r, err := s.recorded()
	if errors.Is(err, helper.ErrNotFound) {
		return fault.WithHint(
			fmt.Errorf("%s is not set up by codex-cred", found.name),
			fmt.Sprintf("run: codex-cred setup %s --write", found.name),
		)
	}
	if err != nil {
		return err
	}
	s.Record = r
	return found.verify(ctx, s)
}

// setupWait is how long to wait for another setup.
const setupWait = 10 * time.Second

// alone calls change while it holds the lock of the setups.
func (s *setup) alone(ctx context.Context, change func(context.Context) error) error {
	lock, cancel := context.WithTimeout(ctx, setupWait)
	defer cancel()
	unlock, err := s.Setups.Lock(lock)
	if err != nil {
		return err
	}
	return errors.Join(change(ctx), unlock())
}
