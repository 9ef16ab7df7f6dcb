package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// ownClock advances the program's clock without the server's.
//
//	own-clock DURATION
func (s *stage) ownClock(ts *testscript.TestScript, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drift += d
	ts.Check(s.setClock())
}

// setClock writes the clock file. The caller holds s.mu.
func (s *stage) setClock() error {
	return os.WriteFile(s.clockFile, []byte((s.ahead + s.drift).String()), 0o600)
}

// unreachable closes the server for good.
//
//	unreachable
func (s *stage) unreachable(ts *testscript.TestScript, _ []string) { ts.Check(s.server.Close()) }

// keychain stops, continues or kills the keychain's daemon, or injects a fault.
//
//	keychain stopped|continued|killed
//	keychain FAULT
func (s *stage) keychain(ts *testscript.TestScript, args []string) {
	switch args[0] {
	case "stopped":
		s.keyring.Stop(s.t)
	case "continued":
		s.keyring.Continue(s.t)
	case "killed":
		s.keyring.Kill()
	default:
		ts.Check(failKeychain(s.t, s.keyring, args[0]))
	}
}

// heal cancels the pending faults.
//
//	heal
func (s *stage) heal(*testscript.TestScript, []string) { s.server.Heal() }

// got checks that the file is the output of get, with a token that the server accepts. It replaces
// the last get, which ran in the background.
//
//	got FILE
func (s *stage) got(ts *testscript.TestScript, args []string) {
	s.lastGet = ts.ReadFile(args[0])
	token, ended := strings.CutSuffix(s.lastGet, "\n")
	if !ended || !s.server.Accepts(token) {
		ts.Fatalf("%s holds no token that the server accepts", args[0])
	}
	s.scan(ts, "", s.noFiles(ts))
}

// digest stores the SHA-256 of the last get's token in a variable.
//
//	digest VARIABLE
func (s *stage) digest(ts *testscript.TestScript, args []string) {
	ts.Setenv(args[0], digestOf(s.lastGet))
}

func digestOf(printed string) string {
	sum := sha256.Sum256([]byte(strings.TrimSuffix(printed, "\n")))
	return hex.EncodeToString(sum[:])
}

// rejected simulates a caller whose API refuses every token. It calls get for another token
// repeatedly while the clock advances. Each answer must be another token, or exit code 5; and the
// number of refreshes must be COUNT.
//
//	rejected ACCOUNT CALLS DURATION COUNT
func (s *stage) rejected(ts *testscript.TestScript, args []string) {
	calls, err := strconv.Atoi(args[1])
	ts.Check(err)
	before := s.server.Count(authserver.GrantRefresh)
	for range calls {
		s.clock(ts, args[2:3])
		s.reject(ts, args[0])
	}
	if made := strconv.Itoa(s.server.Count(authserver.GrantRefresh) - before); made != args[3] {
		ts.Fatalf("%d calls made %s refreshes, want %s", calls, made, args[3])
	}
}

func (s *stage) reject(ts *testscript.TestScript, account string) {
	token, err := quiet(ts, []string{"get", account, "--rejected-sha256", digestOf(s.lastGet)})
	failed := (*exec.ExitError)(nil)
	switch {
	case err == nil && token != s.lastGet:
		s.lastGet = token
	case errors.As(err, &failed) && failed.ExitCode() == exit.Temporary:
	default:
		ts.Fatalf("a get of another token than the last: %v", err)
	}
}

// settled waits until no process refreshes the account or waits to refresh it.
//
//	settled ACCOUNT
func (s *stage) settled(ts *testscript.TestScript, args []string) {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	root := ts.Getenv("ROOT")
	a, err := accountdir.New(root, time.Now).Load(args[0])
	ts.Check(err)
	locks := filelock.New(root)
	ts.Check(locks.Wait(ctx, refresh.GateName(a.ID)))
	ts.Check(locks.Wait(ctx, string(a.ID)))
}

// revoked checks that the refresh token of the last refresh was revoked.
//
//	revoked
func (s *stage) revoked(ts *testscript.TestScript, _ []string) {
	var newest string
	var revoked []string
	for _, e := range s.server.Log() {
		switch e.Grant {
		case authserver.GrantRefresh:
			newest = cmp.Or(e.IssuedRefresh, newest)
		case authserver.GrantRevoke:
			revoked = append(revoked, e.Presented)
		}
	}
	if newest == "" || !slices.Contains(revoked, newest) {
		ts.Fatalf("the last refresh brought %q, and revoked were %q", newest, revoked)
	}
}

// replaced waits until the account has another sign-in than the copy of its file.
//
//	replaced ACCOUNT COPY
func (s *stage) replaced(ts *testscript.TestScript, args []string) {
	was := idIn(ts, args[1])
	accounts := accountdir.New(ts.Getenv("ROOT"), time.Now)
	giveUp := time.After(patience)
	for {
		if a, err := accounts.Load(args[0]); err == nil && string(a.ID) != was {
			return
		}
		select {
		case <-giveUp:
			ts.Fatalf("the account %s still has its sign-in", args[0])
		case <-time.After(time.Millisecond):
		}
	}
}

// idIn returns the id in a copy of an account's file.
func idIn(ts *testscript.TestScript, file string) string {
	var record struct{ ID helper.ID }
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &record))
	ts.Check(record.ID.Check())
	return string(record.ID)
}
