package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/helper"
)

// TestHome checks that a store is named by its kind, and that an unknown one is not called a
// keychain.
func TestHome(t *testing.T) {
	t.Parallel()
	w := newProgram().wireAt("/home/ann/root")
	for _, c := range []struct{ store, want string }{
		{home.StoreFile, "folder " + w.FileStore.Folder() + ", in files that only you can read"},
		{home.StoreKeychain, w.Keychain.Place()},
		{"vault", `store "vault", which this version of codex-cred does not know`},
		{"", `store "", which this version of codex-cred does not know`},
	} {
		if got := w.StoreName(c.store); got != c.want {
			t.Errorf("home(%q) = %q, want %q", c.store, got, c.want)
		}
	}
}

// TestUnknownStore checks that messages about an unknown store mention neither a Secret Service nor
// a desktop session.
func TestUnknownStore(t *testing.T) {
	t.Parallel()
	const root = "root"
	dir := t.TempDir() + "/" + root
	p := newProgram()
	w := p.wireAt(dir)
	_, err := w.Accounts.Update("work", func(a *helper.Account) error {
		a.ID, a.Store, a.Generation = "0123456789abcdef0123456789abcdef", "vault", 1
		return nil
	})
	must(t, err)
	p.Getenv = func(name string) string { return map[string]string{"CODEX_CRED_HOME": dir, "HOME": dir}[name] }
	for _, c := range []struct {
		args string
		code int
	}{{"get work", exit.Store}, {"status work", exit.Store}, {"list", exit.OK}, {"doctor --offline", exit.Findings}, {"erase work", exit.Findings}} {
		var out, told bytes.Buffer
		p.Out, p.Err = &out, &told
		code := p.run(append([]string{"codex-cred"}, strings.Fields(c.args)...))
		said := out.String() + told.String()
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d:\n%s", c.args, code, c.code, said)
		}
		for _, line := range strings.Split(said, "\n") {
			if strings.Contains(line, "work") && (strings.Contains(line, "desktop") || strings.Contains(line, "Secret Service")) {
				t.Errorf("%s: %s", c.args, line)
			}
		}
		if c.code != exit.OK && !strings.Contains(said, `the store "vault" is one that this version of codex-cred does not know`) {
			t.Errorf("%s does not name the store:\n%s", c.args, said)
		}
	}
}
