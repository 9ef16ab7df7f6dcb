package main

import (
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

// aDoctor returns a doctor with its own empty root.
func aDoctor(t *testing.T) *doctor {
	t.Helper()
	p := &program{
		Terminal: &terminal.Terminal{Out: io.Discard, Err: io.Discard, Now: time.Now},
		Process: &process.Process{
			Getenv: func(string) string { return "" },
			HostID: func() (string, error) { return "", nil },
		},
	}
	return &doctor{program: p, wiring: p.wireAt(filepath.Join(t.TempDir(), "root"))}
}

// TestDoctor_Login checks that doctor does not delete an unfinished sign-in. Until a sign-in is
// stored, the account's file lists it among the replaced ones.
func TestDoctor_Login(t *testing.T) {
	t.Parallel()
	d := aDoctor(t)
	signIn := func(token string) helper.Account {
		t.Helper()
		a, err := d.Keeper.SignIn(t.Context(), "work", home.StoreFile, helper.Credential{
			AccessToken: helper.NewSecret(token), RefreshToken: helper.NewSecret("of " + token),
			Expiry: time.Now().Add(time.Hour), ObtainedAt: time.Now(), Generation: 1,
			Issuer: helper.Issuer{Profile: "oauth", URL: "https://id.example", TokenEndpoint: "https://id.example/token", ClientID: "c"},
		})
		must(t, err)
		return a
	}
	wantSecond := func(leftovers int) {
		t.Helper()
		rec, err := d.Records.Read(t.Context(), "work")
		must(t, err)
		if got := rec.Credential.AccessToken.Reveal(); got != "second" || len(rec.Account.Leftovers) != leftovers {
			t.Errorf("the token is %q, and %d leftovers are listed, want %d", got, len(rec.Account.Leftovers), leftovers)
		}
	}

	seen := signIn("first")
	second := signIn("second")
	seen.Leftovers = []helper.Leftover{{ID: second.ID, Store: second.Store}}
	d.have = []accountState{{name: "work", account: seen}}
	found := d.checkLeftovers(t.Context())
	if len(found) != 1 || found[0].mend == nil {
		t.Fatalf("found %+v, want one that can be mended", found)
	}

	unlock, err := d.Locks.Lock(t.Context(), filelock.SignIn+"work")
	must(t, err)
	if err := found[0].mend(t.Context()); !errors.Is(err, helper.ErrBusy) {
		t.Errorf("while a sign-in is under way: %v, want ErrBusy", err)
	}
	if found := d.checkLeftovers(t.Context()); found[0].State != verdictOK {
		t.Errorf("while a sign-in is under way: %+v, want nothing of it", found)
	}
	wantSecond(1)
	must(t, unlock())
	must(t, found[0].mend(t.Context()))
	wantSecond(0)
}

// TestDoctor_StaysListed checks that doctor does not report as fixed what it could not delete.
func TestDoctor_StaysListed(t *testing.T) {
	t.Parallel()
	d := aDoctor(t)
	_, err := d.Accounts.Update("work", func(a *helper.Account) error {
		a.ID, a.Store = "0123456789abcdef0123456789abcdef", home.StoreFile
		a.Leftovers = []helper.Leftover{{ID: "fedcba9876543210fedcba9876543210", Store: "elsewhere"}}
		return nil
	})
	must(t, err)
	if err := d.sweepAlone(t.Context(), "work"); !errors.Is(err, fault.ErrFindings) {
		t.Errorf("a leftover that stays: %v, want errFindings", err)
	}
}

// TestDoctor_UnderWay checks that an unfinished sign-in or erase is a problem only after its
// process has exited.
func TestDoctor_UnderWay(t *testing.T) {
	t.Parallel()
	d := aDoctor(t)
	for name, erasing := range map[string]bool{"begun": false, "erased": true} {
		_, err := d.Accounts.Update(name, func(a *helper.Account) error {
			a.ID, a.Store, a.Erasing = "0123456789abcdef0123456789abcdef", home.StoreFile, erasing
			return nil
		})
		must(t, err)
	}
	problems := func() int {
		d.have = nil
		return count(append(d.checkAccounts(t.Context()), d.checkLeftovers(t.Context())...), verdictProblem)
	}
	if got := problems(); got != 2 {
		t.Errorf("%d problems, want one of each account", got)
	}
	for _, name := range []string{"begun", "erased"} {
		unlock, err := d.Locks.Lock(t.Context(), filelock.SignIn+name)
		must(t, err)
		defer func() { must(t, unlock()) }()
	}
	if got := problems(); got != 0 {
		t.Errorf("%d problems while somebody is at it, want none", got)
	}
}
