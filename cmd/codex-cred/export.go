package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/moving"
)

// codexTokens is the only format of an export.
const codexTokens = "codex-tokens"

func toFlag() *choice {
	return &choice{
		StringFlag: &cli.StringFlag{Name: "to", Usage: "`FORM` of the file: " + codexTokens},
		words:      []string{codexTokens},
	}
}

func (p *program) exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write an access token into a file, for Codex in a container",
		UsageText: "codex-cred export [ACCOUNT] --to codex-tokens FILE",
		Description: `codex-cred export --to codex-tokens codex-home/auth.json
codex-cred export work --to codex-tokens job/auth.json --min-ttl 2h`,
		ArgsUsage: `The file is an auth.json for Codex, in the directory that CODEX_HOME names there. It
holds the access token and no refresh token: Codex uses it until it ends and never
refreshes, so the sign-in stays yours, and the file is of no use after that. Until
then it is a secret: only you can read it, and what you do with it is your care.`,
		Flags:  append([]cli.Flag{toFlag()}, askFlags()...),
		Action: p.export,
	}
}

func (p *program) export(c *cli.Context) error {
	if c.String("to") != codexTokens || c.NArg() < 1 || c.NArg() > 2 {
		return fault.UsageHint("export needs --to codex-tokens and a file", "see: codex-cred export --help")
	}
	path, err := filepath.Abs(c.Args().Get(c.NArg() - 1))
	if err != nil {
		return err
	}
	if err := exportable(path); err != nil {
		return err
	}
	w, err := p.wire()
	if err != nil {
		return err
	}
	account, err := p.exported(c, w)
	if err != nil {
		return err
	}
	ctx, cancel, req, err := p.withTimeout(c.Context, lineOf(c), helper.Request{Account: account})
	if err != nil {
		return err
	}
	defer cancel()
	answer, err := p.helper(w).Get(ctx, req)
	p.warnOf(account, answer)
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	return errors.Join(err, helper.ForAccount(account, p.handOff(account, path, answer.Credential)))
}

// exported returns the account whose token is exported. A single argument is
// the file, and must not be the name of an account.
func (p *program) exported(c *cli.Context, w *wiring) (string, error) {
	first := c.Args().First()
	if c.NArg() == 2 {
		return first, helper.CheckName(first)
	}
	if _, err := w.Accounts.Load(first); err == nil {
		return "", fault.UsageHint(fmt.Sprintf("export needs a file, and %q is an account", first),
			"run: codex-cred export "+first+" --to codex-tokens FILE")
	}
	return p.defaultAccount(w)
}

// exportable returns an error if the path holds anything but an earlier export,
// which alone is replaced.
func exportable(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if dir, err := os.Stat(filepath.Dir(path)); err != nil || !dir.IsDir() {
			return fault.WithHint(fmt.Errorf("write %s: there is no such directory: %w", path, helper.ErrInvalid),
				"make it first")
		}
		return nil
	case err != nil:
		return ofFile(fmt.Errorf("write %s: %w: %w", path, helper.ErrUnavailable, err))
	case !info.Mode().IsRegular():
		return &helper.UnsafeError{
			Path: path, Problem: "is " + configfile.Kind(info.Mode()) + " and not a regular file", Fix: "name another file",
		}
	}
	content := []byte(nil)
	if info.Size() <= moving.MaxSize {
		if content, err = os.ReadFile(path); err != nil { //nolint:gosec // the user named it
			return ofFile(fmt.Errorf("write %s: %w: %w", path, helper.ErrUnavailable, err))
		}
	}
	if !moving.IsHandOff(content) {
		return errNotHandOff(path)
	}
	return nil
}

// stillExportable is exportable for the file as it was read now: while the
// token was fetched, another process may have put a link in its place.
func stillExportable(path string, file *configfile.File) error {
	if !file.Exists {
		return nil
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	switch {
	case err != nil:
		return fmt.Errorf("write %s: %w: %w", path, helper.ErrUnavailable, err)
	case filepath.Join(dir, filepath.Base(path)) != file.Path:
		return &helper.UnsafeError{Path: path, Problem: "is not a regular file", Fix: "name another file"}
	case !moving.IsHandOff(file.Content):
		return errNotHandOff(path)
	}
	return nil
}

func errNotHandOff(path string) error {
	return fault.WithHint(fmt.Errorf("write %s: it holds something else, perhaps a sign-in: %w", path, helper.ErrInvalid),
		"name another file, or move it away")
}

// handOff writes the file and prints how long its token is valid.
func (p *program) handOff(account, path string, c helper.Credential) error {
	switch {
	case !wire.ChatGPT(c):
		return fmt.Errorf("its token is not of ChatGPT, and Codex takes no other: %w", helper.ErrInvalid)
	case c.Identity.AccountID == "":
		return fmt.Errorf("it has no account id, without which Codex sends no token: %w", helper.ErrInvalid)
	}
	doc, err := moving.HandOff(c, p.Now())
	if err != nil {
		return err
	}
	file, err := configfile.Read(path)
	if err == nil {
		err = stillExportable(path, file)
	}
	if err == nil {
		file.SetPrivate()
		_, err = file.Replace(doc)
	}
	if err != nil {
		return ofFile(err)
	}
	p.Warn("account %q: %s has an access token until %s (%s), and no refresh token; export it again before that",
		account, path, c.Expiry.UTC().Format(time.RFC3339), terminal.FromNow(c.Expiry, p.Now()))
	return nil
}
