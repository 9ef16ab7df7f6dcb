package main

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// check waits until all processes have finished, and checks everything.
func (w *randomWorld) check() {
	w.t.Helper()
	w.server.Heal()
	w.settle()
	w.passes(100 * time.Minute) // longer than any pause, and than the life of a token
	for _, s := range w.signIns() {
		if s.perhaps {
			w.endsFor(s)
			continue
		}
		w.wantAlive(s)
	}
	w.settle()
	w.runs("", "doctor", "--fix")
	w.wantOnce()
	w.wantNothingElse()
	w.wantNoLeak()
}

// endsFor erases a sign-in that may exist.
func (w *randomWorld) endsFor(s *randomSignIn) {
	w.t.Helper()
	for _, name := range s.names {
		if got := w.runs("", "erase", name, "--yes"); got.code != exit.OK && got.code != exit.NotFound {
			w.t.Errorf("erase %s: exit code %d: %s", name, got.code, got.stderr)
		}
		delete(w.owners, name)
	}
	for _, root := range s.roots {
		w.ended[root] = true
	}
}

// wantAlive checks that an account with one of the sign-in's names has it, with the newest token of
// its grant. It records the name and the grant.
func (w *randomWorld) wantAlive(s *randomSignIn) {
	w.t.Helper()
	found := ""
	for _, name := range s.names {
		got := w.runs("", "get", name)
		if got.code == exit.NotFound && len(s.names) > 1 {
			delete(w.owners, name)
			continue
		}
		root, newest := w.grantOf(strings.TrimSuffix(got.stdout, "\n"), s.roots)
		switch {
		case got.code != exit.OK:
			w.t.Errorf("the sign-in of %s is lost: exit code %d: %s; %q", name, got.code, got.stderr, s.roots)
		case found != "":
			w.t.Errorf("%s and %s have one sign-in", found, name)
		case root == "":
			w.t.Errorf("get %s printed a token of another sign-in than %q", name, s.roots)
		case !newest || !w.server.Accepts(strings.TrimSuffix(got.stdout, "\n")):
			w.t.Errorf("get %s printed a token that is not the newest of its grant, or that the server does not accept", name)
		}
		found, s.roots = name, []string{root}
	}
	if found == "" {
		w.t.Errorf("nobody has the sign-in of %q", s.names)
	}
	s.names = []string{found}
	delete(w.ended, s.roots[0])
}

// grantOf returns the root from which the access token descends, and whether it is the newest.
func (w *randomWorld) grantOf(token string, roots []string) (root string, newest bool) {
	log, digest := w.server.Log(), authserver.Digest(token)
	for _, root := range roots {
		access, refresh := "", root
		for _, e := range log {
			switch {
			case e.Grant == authserver.GrantCode && e.IssuedRefresh == root:
				access = e.IssuedAccess
			case e.Grant == authserver.GrantRefresh && e.Presented == refresh && e.IssuedRefresh != "":
				access, refresh = e.IssuedAccess, e.IssuedRefresh
			default:
				continue
			}
			if access == digest {
				newest = true
			} else if newest {
				return root, false
			}
		}
		if newest {
			return root, true
		}
	}
	return "", false
}

// wantOnce checks that no refresh token was presented after its successor was issued, and that only
// tokens of ended sign-ins were revoked.
func (w *randomWorld) wantOnce() {
	w.t.Helper()
	spent, root := map[string]bool{}, map[string]string{}
	for _, e := range w.server.Log() {
		switch e.Grant {
		case authserver.GrantCode:
			root[e.IssuedRefresh] = e.IssuedRefresh
			root[e.IssuedAccess] = e.IssuedRefresh
		case authserver.GrantRefresh:
			if spent[e.Presented] {
				w.t.Errorf("the refresh token %s of the sign-in %s was presented after its successor was issued",
					e.Presented, root[e.Presented])
			}
			if e.IssuedRefresh != "" {
				spent[e.Presented] = true
				root[e.IssuedRefresh], root[e.IssuedAccess] = root[e.Presented], root[e.Presented]
			}
		case authserver.GrantRevoke:
			if of := root[e.Presented]; !w.ended[of] {
				w.t.Errorf("the token %s of the sign-in %q was revoked, and nobody ended that", e.Presented, of)
			}
		}
	}
}

// wantNothingElse checks that exactly the expected accounts exist, and that the stores and the disk
// contain nothing else.
func (w *randomWorld) wantNothingElse() {
	w.t.Helper()
	accounts := accountdir.New(w.root, time.Now)
	names, err := accounts.List()
	must(w.t, err)
	ids := make([]string, 0, len(names))
	var want []string
	for _, s := range w.signIns() {
		want = append(want, s.names...)
	}
	for _, name := range names {
		a, err := accounts.Load(name)
		must(w.t, err)
		ids = append(ids, string(a.ID))
		if len(a.Leftovers) > 0 {
			w.t.Errorf("the account %s still lists what it had before", name)
		}
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		w.t.Errorf("there are the accounts %q, want %q", names, want)
	}
	ofSomeone := func(item string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return strings.HasPrefix(item, id) })
	}
	items := w.keyring.Items(w.t)
	files, err := fallbackfile.New(w.root).List(w.t.Context())
	must(w.t, err)
	for _, item := range append(items, files...) {
		if !ofSomeone(item) {
			w.t.Errorf("an item is left of nobody: %s", item)
		}
	}
	if n := len(credentials(append(items, files...))); n != len(ids) {
		w.t.Errorf("there are %d credentials of %d accounts", n, len(ids))
	}
	w.wantNoFiles(ofSomeone)
}

// wantNoFiles checks that there are no temporary files, no journals, and no files without an
// account.
func (w *randomWorld) wantNoFiles(ofSomeone func(string) bool) {
	w.t.Helper()
	must(w.t, filepath.WalkDir(w.root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == w.root {
			return nil // the last account is erased
		}
		if err != nil || d.IsDir() {
			return err
		}
		folder, name := filepath.Base(filepath.Dir(path)), d.Name()
		byID := folder == "locks" && !strings.HasPrefix(name, "signin-") || folder == "credentials" || folder == "journal"
		if strings.HasSuffix(name, ".tmp") || byID && !ofSomeone(name) || folder == "journal" {
			w.t.Errorf("a file is left: %s", path)
		}
		return nil
	}))
}

// wantNoLeak checks that neither the output nor our files contain a secret, except those of the
// file store.
func (w *randomWorld) wantNoLeak() {
	w.t.Helper()
	secrets := w.secrets()
	leaks := leakscan.Scan(secrets, "outputs", w.outputs.Bytes())
	w.outputs.Reset()
	for _, folder := range []string{"accounts", "locks", "journal"} {
		dir := filepath.Join(w.root, folder)
		if there, err := exists(dir); there {
			must(w.t, err)
			leaks = append(leaks, leakscan.Tree(secrets, dir)...)
		}
	}
	for _, leak := range leaks {
		w.t.Error(leak)
	}
}

// eraseAll checks that an erase of everything leaves nothing.
func (w *randomWorld) eraseAll() {
	w.t.Helper()
	w.torn = true
	w.wantErased()
	if items := w.keyring.Items(w.t); len(items) > 0 {
		w.t.Errorf("the keychain still has %q", items)
	}
}
