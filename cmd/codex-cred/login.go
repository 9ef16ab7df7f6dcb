package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/requestlog"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

func profileFlag() *choice {
	flag := &cli.StringFlag{
		Name: "profile", Value: refresh.ProfileOpenAI,
		Usage: "`DIALECT` of the issuer: openai or oauth",
	}
	return &choice{StringFlag: flag, words: []string{refresh.ProfileOpenAI, refresh.ProfileOAuth}}
}

func (p *program) loginCommand() *cli.Command {
	return &cli.Command{
		Name:      "login",
		Usage:     "sign in with your browser, here or on another device",
		UsageText: "codex-cred login [ACCOUNT] [flags]",
		Description: `codex-cred login
codex-cred login work --replace
codex-cred login --device      # a code to enter on any device, over ssh for instance
codex-cred login --no-browser  # an address to open anywhere, and one to paste back
codex-cred login --store file
codex-cred login lab --profile oauth \
  --issuer https://auth.example.com --client-id my-client`,
		Flags: []cli.Flag{
			boolFlag("device", "enter a code on another device instead of opening a browser here"),
			boolFlag("no-browser", "print the address, and take the one that the browser ends at by paste"),
			storeFlag(),
			boolFlag("replace", "replace the sign-in that the account has"),
			profileFlag(),
			&cli.StringFlag{Name: "issuer", Usage: "`URL` of the issuer", DefaultText: "OpenAI's"},
			&cli.StringFlag{Name: "client-id", Usage: "`ID` of the OAuth client", DefaultText: "Codex's public one"},
			&cli.StringFlag{
				Name: "scope", Usage: "`SCOPE` to ask for, words separated by spaces",
				DefaultText: "the least that works",
			},
			&cli.StringFlag{
				Name: "redirect-uri", Usage: "`URI` on a loopback address that the browser returns to",
				DefaultText: "the profile's",
			},
			&cli.StringFlag{
				Name: "originator", Usage: "`NAME` of the program that the issuer is told",
				DefaultText: "codex-cred",
			},
		},
		Action: p.login,
	}
}

func (p *program) login(c *cli.Context) error {
	w, err := p.wire()
	if err != nil {
		return err
	}
	account, err := p.account(argumentsOf(c), w)
	if err != nil {
		return err
	}
	if c.Bool("device") && c.Bool("no-browser") {
		return fault.UsageHint("login takes --device or --no-browser, not both", "see: codex-cred login --help")
	}
	if c.String("profile") == refresh.ProfileOAuth && (c.String("issuer") == "" || c.String("client-id") == "") {
		return fault.UsageHint("login --profile oauth needs --issuer and --client-id too", "see: codex-cred login --help")
	}
	if variable := p.Unattended(); variable != "" {
		return helper.ForAccount(account,
			fault.WithHint(fmt.Errorf("sign-in %w", fault.ErrNeedsPerson), "unset "+variable+" to sign in"))
	}
	choice, err := p.storeChoice(c)
	if err != nil {
		return err
	}
	w.WaitForPerson()
	c.Context = requestlog.About(c.Context, account)
	return helper.ForAccount(account, w.withLock(c.Context, account, func() error {
		return p.signIn(c, w, account, choice)
	}))
}

// withLock calls change while it holds the account's lock, so that no other
// sign-in for the account is in progress. If change fails and there is no
// account, withLock removes the empty files and directories.
func (w *wiring) withLock(ctx context.Context, account string, change func() error) error {
	unlock, err := w.LockName(ctx, account)
	if err != nil {
		return err
	}
	if err = change(); err == nil {
		return unlock()
	}
	// What cannot be removed is empty; the next erase removes it.
	_, loadErr := w.Accounts.Load(account)
	absent := errors.Is(loadErr, helper.ErrNotFound)
	if absent {
		_ = w.Locks.Remove(filelock.SignIn + account)
	}
	err = errors.Join(err, unlock())
	if absent { // after unlocking: some systems cannot remove open files
		w.tidyRoot(context.WithoutCancel(ctx))
	}
	return err
}

// tidyRoot removes the root if it is empty and there is no account.
func (w *wiring) tidyRoot(ctx context.Context) {
	if names, err := w.Accounts.List(); err != nil || len(names) > 0 {
		return
	}
	for _, a := range w.ofRoot() {
		_ = a.remove(ctx)
	}
}

// onlySignInWait is long enough for another change to be stored.
const onlySignInWait = 2 * time.Second

// LockName acquires the account's lock, which keeps other sign-ins for the
// account out.
func (w *wiring) LockName(ctx context.Context, account string) (unlock func() error, err error) {
	ctx, cancel := context.WithTimeout(ctx, onlySignInWait)
	defer cancel()
	unlock, err = w.Locks.Lock(ctx, filelock.SignIn+account)
	if errors.Is(err, helper.ErrBusy) {
		return nil, fault.WithHint(fmt.Errorf("another codex-cred is changing the account %q: %w", account, err),
			"finish or cancel that one first")
	}
	return unlock, err
}

// signIn runs the flow, stores the new credential, and deletes the one that it
// replaces.
func (p *program) signIn(c *cli.Context, w *wiring, account, choice string) error {
	if err := p.replaceable(c, w, account); err != nil {
		return err
	}
	iss, err := p.issuer(c, w, account)
	if err != nil {
		return err
	}
	ask, err := p.flow(c, account, iss)
	if err != nil {
		return err
	}
	store, err := p.chooseStore(c.Context, w, w.keeping(account, choice))
	if errors.Is(err, helper.ErrLocked) && p.Getenv("SSH_CONNECTION") != "" {
		return fault.WithHint(err,
			"over ssh it stays locked until somebody signs in to the desktop; or keep these tokens in a file: "+
				again(c, account, "--store=file"))
	}
	if err != nil {
		return err
	}
	p.Warn("account %q: the tokens will live in the %s", account, w.StoreName(store))
	credential, err := ask(c.Context, w.RefreshClient, iss)
	if err != nil {
		return err
	}
	// The tokens exist now, so store them even if the user interrupts.
	ctx := context.WithoutCancel(c.Context)
	a, err := p.keep(ctx, w, intent{account, choice, store}, credential)
	if errors.Is(err, helper.ErrCorrupt) || errors.Is(err, helper.ErrTooLarge) {
		return fault.WithHint(err, "what the account had is kept; try: "+again(c, account, "--replace", "--store=file"))
	}
	if err != nil {
		return err
	}
	p.Warn("account %q: %s; the tokens are in the %s", account, signedInAs(credential.Identity),
		w.Location(a.Store, string(a.ID)))
	return p.sweep(ctx, w, a)
}

// issuer returns the issuer of the command line, with the endpoints that it
// announces.
func (p *program) issuer(c *cli.Context, w *wiring, account string) (helper.Issuer, error) {
	defer p.NoticeAfter("waiting for the issuer to answer")()
	iss, err := w.RefreshClient.Issuer(c.Context, w.settings(c, account))
	if other := (*refresh.IssuerNameError)(nil); errors.As(err, &other) && other.OnlySlash() && c.IsSet("issuer") {
		return iss, fault.WithHint(err, "run: "+again(c, account, fault.Quote("--issuer="+other.Named)))
	}
	return iss, err
}

// replaceable returns an error if the account has a sign-in that works and
// --replace is not given.
func (p *program) replaceable(c *cli.Context, w *wiring, account string) error {
	a, err := w.Accounts.Load(account)
	switch {
	case errors.Is(err, helper.ErrNotFound):
		return nil
	case err != nil:
		return err
	case a.Erasing:
		return helper.ErrErasing
	case c.Bool("replace"):
		return nil
	}
	if rec, err := w.Records.Read(c.Context, account); mayStillWork(rec, err) {
		return fault.UsageHint("already signed in", "run: "+again(c, account, "--replace"))
	}
	return nil
}

// mayStillWork reports whether the sign-in may still be valid, even if it
// cannot be read, for instance from a locked keychain.
func mayStillWork(rec helper.Record, err error) bool {
	if err != nil {
		return !errors.Is(err, helper.ErrNotFound)
	}
	return rec.Refreshable() == nil
}

// issuerFlags are the flags that choose the issuer.
func issuerFlags() []string {
	return []string{"profile", "issuer", "client-id", "scope", "redirect-uri", "originator"}
}

// settings returns the settings of the command line. If it has none, the
// account keeps its issuer.
func (w *wiring) settings(c *cli.Context, account string) refresh.Settings {
	s := refresh.Settings{
		Profile: c.String("profile"), Issuer: c.String("issuer"), ClientID: c.String("client-id"),
		Scope: c.String("scope"), RedirectURI: c.String("redirect-uri"), Originator: c.String("originator"),
	}
	if slices.ContainsFunc(issuerFlags(), c.IsSet) {
		return s
	}
	rec, err := w.Records.Read(c.Context, account)
	if err != nil {
		return s // no other issuer is known
	}
	was := rec.Credential.Issuer
	return refresh.Settings{
		Profile: was.Profile, Issuer: was.URL, ClientID: was.ClientID, Scope: was.Scope, Originator: was.Originator,
	}
}

// again returns the command line that repeats the sign-in, with the user's
// flags and more.
func again(c *cli.Context, account string, more ...string) string {
	words := []string{"codex-cred login" + fault.AsArgument(account)}
	for _, name := range append(issuerFlags(), "store") {
		if flag := "--" + name + "=" + c.String(name); c.IsSet(name) &&
			!slices.ContainsFunc(more, func(m string) bool { return strings.HasPrefix(m, "--"+name+"=") }) {
			words = append(words, fault.Quote(flag))
		}
	}
	for _, name := range []string{"device", "no-browser"} {
		if c.Bool(name) && !slices.Contains(more, "--device") && !slices.Contains(more, "--no-browser") {
			words = append(words, "--"+name)
		}
	}
	if c.Bool("replace") && !slices.Contains(more, "--replace") {
		words = append(words, "--replace")
	}
	return strings.Join(append(words, more...), " ")
}

func signedInAs(id helper.Identity) string {
	who, plan := terminal.Masker{}.Email(id.Email), terminal.Masker{}.Text(id.Plan)
	switch {
	case who == "" && plan == "":
		return "signed in"
	case plan == "":
		return "signed in as " + who
	case who == "":
		return "signed in (plan " + plan + ")"
	}
	return "signed in as " + who + " (plan " + plan + ")"
}
