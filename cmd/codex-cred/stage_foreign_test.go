package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
)

// foreign creates a sign-in of another program. It stores the tokens in the variables ACCESS and
// REFRESH, and the expiry of the access token in EXPIRES, in milliseconds.
//
//	foreign
func (s *stage) foreign(ts *testscript.TestScript, _ []string) {
	root := ts.MkAbs("foreign")
	ts.Setenv("CODEX_CRED_HOME", root)
	ts.Check(ts.Exec("codex-cred", s.loginArgs([]string{"--store", home.StoreFile})...))
	ts.Setenv("CODEX_CRED_HOME", "")
	files, err := filepath.Glob(filepath.Join(root, "credentials", "*"))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("a sign-in left the files %q", files)
	}
	content, err := os.ReadFile(files[0])
	ts.Check(err)
	var item struct {
		Access  string    `json:"access_token"`
		Refresh string    `json:"refresh_token"`
		Expiry  time.Time `json:"expiry"`
	}
	ts.Check(json.Unmarshal(content, &item))
	ts.Check(os.RemoveAll(root))
	ts.Setenv("ACCESS", item.Access)
	ts.Setenv("REFRESH", item.Refresh)
	ts.Setenv("EXPIRES", strconv.FormatInt(item.Expiry.UnixMilli(), 10))
}

// theirs marks all requests to the issuer so far as requests of a client.
//
//	theirs
func (s *stage) theirs(*testscript.TestScript, []string) { s.theirLog = len(s.server.Log()) }
