//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// Stores by their names in codex-cred.
const (
	storeFile     = "file"
	storeKeychain = "keychain"
)

// account is the default account.
const account = "default"

// A lab is a directory with the programs to measure, a sign-in in each store, and the daemons that
// they need.
type lab struct {
	dir     string
	stores  []string
	server  *authserver.Server
	keyring *testkeyring.Keyring // nil without the store keychain
	missing []string             // what was left out, and why
}

// openLab builds the programs and signs in. The caller closes the lab, even after an error.
func openLab(ctx context.Context, only string, progress io.Writer) (*lab, error) {
	l := &lab{stores: []string{storeFile, storeKeychain}}
	if only != "" {
		l.stores = []string{only}
	}
	dir, err := os.MkdirTemp("", "codex-cred-bench-")
	if err != nil {
		return l, err
	}
	l.dir = dir
	for _, sub := range []string{"bin", "home"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			return l, err
		}
	}
	say(progress, "building codex-cred and the yardsticks")
	if err := l.build(ctx); err != nil {
		return l, err
	}
	if err := l.openKeyring(); err != nil {
		return l, err
	}
	return l, l.signIn(ctx)
}

func (l *lab) has(store string) bool {
	return slices.Contains(l.stores, store)
}

// openKeyring leaves out the keychain if its daemons are missing.
func (l *lab) openKeyring() (err error) {
	if !l.has(storeKeychain) {
		return nil
	}
	l.keyring, err = testkeyring.Open()
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, errors.ErrUnsupported) {
		l.missing = append(l.missing, fmt.Sprintf("the keychain: %v", err))
		l.stores, err = l.stores[:len(l.stores)-1], nil
	}
	if err == nil && len(l.stores) == 0 {
		err = errors.New("nothing is left to measure: install gnome-keyring, libsecret-tools and dbus")
	}
	return err
}

// padding makes a token of 2.5 KiB, about as long as those of ChatGPT.
const padding = 1100

// aWhile is longer than any benchmark.
const aWhile = 10 * 24 * time.Hour

func (l *lab) signIn(ctx context.Context) (err error) {
	l.server, err = authserver.Start(authserver.Options{Profile: authserver.ProfileOpenAI, Life: aWhile, Padding: padding, AnyLoopbackPort: true})
	if err != nil {
		return err
	}
	for _, store := range l.stores {
		for _, args := range [][]string{
			{"login", "--store", store, "--issuer", l.server.URL(), "--redirect-uri", "http://127.0.0.1:0/auth/callback"},
			{"host", "add", "https://" + host},
		} {
			if _, err := l.output(ctx, store, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// host may receive the tokens of the lab.
const host = "chatgpt.com"

func (l *lab) ours() string { return filepath.Join(l.dir, "bin", "codex-cred") }

// home returns the directory of codex-cred's files for the store.
func (l *lab) home(store string) string { return filepath.Join(l.dir, store) }

// browseVariable makes this program the browser of the sign-in.
const browseVariable = "BENCH_BROWSE"

// env returns the complete environment of a measured program.
func (l *lab) env(store string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(l.dir, "home"), "LC_ALL=C",
		"CODEX_CRED_HOME=" + l.home(store),
	}
	if l.keyring != nil {
		env = append(env, l.keyring.Env()...)
	}
	return env
}

// output runs codex-cred and returns what it prints.
func (l *lab) output(ctx context.Context, store string, args ...string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, l.ours(), args...) //nolint:gosec // the program that was built
	cmd.Env = append(l.env(store), "BROWSER="+self, browseVariable+"=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("codex-cred %s: %w\n%s", args[0], err, stderr.String())
	}
	return string(out), nil
}

// item returns the name of the sign-in's item in the keychain.
func (l *lab) item() (string, error) {
	a, err := accountdir.New(l.home(storeKeychain), time.Now).Load(account)
	return string(a.ID), err
}

func (l *lab) close() error {
	var errs []error
	if l.server != nil {
		errs = append(errs, l.server.Close())
	}
	if l.keyring != nil {
		errs = append(errs, l.keyring.Close())
	}
	if l.dir != "" {
		errs = append(errs, os.RemoveAll(l.dir))
	}
	return errors.Join(errs...)
}
