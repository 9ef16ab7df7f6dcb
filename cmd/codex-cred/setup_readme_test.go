//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
)

// TestSetup_README checks that the README has the snippet of each client, for the program
// /usr/bin/codex-cred and the home directory /home/me.
func TestSetup_README(t *testing.T) {
	const begin, end = "<!-- from here on as codex-cred setup prints it -->\n", "<!-- up to here is setup's -->\n"
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	must(t, err)
	_, section, found := strings.Cut(string(readme), begin)
	section, _, ended := strings.Cut(section, end)
	if !found || !ended {
		t.Fatalf("the README has no section between %q and %q", begin, end)
	}
	if diff := cmp.Diff(recipesText(t), section); diff != "" {
		t.Errorf("put there what codex-cred setup prints (-want +README):\n%s", diff)
	}
}

func recipesText(t *testing.T) string {
	t.Helper()
	t.Setenv("HOME", "/home/me")
	root := filepath.Join(t.TempDir(), "root")
	p := &program{Terminal: &terminal.Terminal{Now: time.Now}, Process: &process.Process{Getenv: func(name string) string { return map[string]string{"CODEX_CRED_HOME": root}[name] }}}
	w, err := p.wire()
	must(t, err)
	signIn(t, w, "work")
	var b strings.Builder
	for _, c := range p.clients() {
		s := &setup{program: p, wiring: w, Record: setupdir.Record{Client: c.name, Account: "work", Command: "/usr/bin/codex-cred"}}
		command := "codex-cred setup " + c.name + " work"
		switch {
		case c.perHost:
			s.Host = "gateway.example"
			command += " --host " + s.Host
		case c.name == "rclone" || c.name == "claude-code":
			s.BaseURL = "https://gateway.example"
			command += " --base-url " + s.BaseURL
		}
		text, err := c.snippet(t.Context(), s)
		must(t, err)
		b.WriteString("\n`" + command + "`\n\n```\n" + text + "```\n")
	}
	return b.String()
}

// signIn stores a ChatGPT credential in a file, as login does.
func signIn(t *testing.T, w *wiring, name string) {
	t.Helper()
	a, err := w.Accounts.Update(name, func(a *helper.Account) error {
		a.ID, a.Store, a.Generation = helper.ID(strings.Repeat("01", 16)), home.StoreFile, 1
		return nil
	})
	must(t, err)
	_, _, err = w.Records.Put(t.Context(), a, helper.Credential{
		AccessToken: helper.NewSecret("access"), Generation: 1, Expiry: time.Now().Add(time.Hour), ObtainedAt: time.Now(),
		Identity: helper.Identity{AccountID: "YOUR-ACCOUNT-ID"},
		Issuer:   helper.Issuer{Profile: "openai", URL: "https://auth.openai.com", TokenEndpoint: "https://auth.openai.com/oauth/token"},
	}, "")
	must(t, err)
}
