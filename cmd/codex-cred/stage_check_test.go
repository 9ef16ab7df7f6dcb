package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// same checks that the last get printed the token in the file or, with "!", another one.
//
//	same [!] FILE
func (s *stage) same(ts *testscript.TestScript, args []string) {
	want := len(args) == 1
	if (ts.ReadFile(args[len(args)-1]) == s.lastGet) != want {
		ts.Fatalf("same %s: the token of the last get differs from what was expected", strings.Join(args, " "))
	}
}

// carries checks that the file contains the token of the last get or, with "!", that it does not.
// It stores the token in the variable TOKEN.
//
//	carries [!] FILE
func (s *stage) carries(ts *testscript.TestScript, args []string) {
	token := strings.TrimSuffix(s.lastGet, "\n")
	want := len(args) == 1
	if token == "" || strings.Contains(ts.ReadFile(args[len(args)-1]), token) != want {
		ts.Fatalf("carries %s: not as expected", strings.Join(args, " "))
	}
	ts.Setenv("TOKEN", token)
}

// items checks the number of credentials in all stores.
//
//	items COUNT
func (s *stage) items(ts *testscript.TestScript, args []string) {
	items, err := fallbackfile.New(ts.Getenv("ROOT")).List(s.t.Context())
	ts.Check(err)
	if s.keyring != nil {
		items = append(items, s.keyring.Items(s.t)...)
	}
	if got := strconv.Itoa(len(credentials(items))); got != args[0] {
		ts.Fatalf("there are %s items, want %s", got, args[0])
	}
}

// credentials removes the keys of journals from the list.
func credentials(items []string) []string {
	return slices.DeleteFunc(items, func(item string) bool { return strings.HasSuffix(item, "/journal") })
}

// stored checks the number of credentials in one store.
//
//	stored file|keychain COUNT
func (s *stage) stored(ts *testscript.TestScript, args []string) {
	var items []string
	if args[0] == home.StoreKeychain {
		items = s.keyring.Items(s.t)
	} else {
		var err error
		items, err = fallbackfile.New(ts.Getenv("ROOT")).List(s.t.Context())
		ts.Check(err)
	}
	if got := strconv.Itoa(len(credentials(items))); got != args[1] {
		ts.Fatalf("there are %s items in the store %s, want %s", got, args[0], args[1])
	}
}

// expand replaces the names of variables in a file by their values.
//
//	expand FILE
func (s *stage) expand(ts *testscript.TestScript, args []string) {
	content := os.Expand(ts.ReadFile(args[0]), ts.Getenv)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(content), 0o600))
}

// erased checks that nothing is left: no item, no file, no secret.
func (s *stage) erased(ts *testscript.TestScript, _ []string) {
	s.proven = true
	for _, entry := range s.server.Log()[s.theirLog:] {
		ours := entry.Grant != authserver.GrantAuthorize // the browser sends authorization requests
		if ours && entry.UserAgent != userAgent() {
			ts.Fatalf("a request for %s said that it is of %q", entry.Grant, entry.UserAgent)
		}
	}
	s.scan(ts, "", true)
	if s.keyring != nil {
		if items := s.keyring.Items(s.t); len(items) > 0 {
			ts.Fatalf("the keychain still shows %d items", len(items))
		}
	}
	err := filepath.WalkDir(filepath.Join(s.home, ".local"), func(path string, d os.DirEntry, err error) error {
		if err == nil && (!d.IsDir() || d.Name() == "codex-cred") {
			err = fmt.Errorf("still there: %s", path)
		}
		return err
	})
	if !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
	}
}
