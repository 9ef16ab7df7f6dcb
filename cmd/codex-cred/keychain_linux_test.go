package main

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// A told is the expected result of get.
type told struct {
	code   int
	reason string // part of the line
	hint   string // the end of the line
}

// TestGetOnAFailingKeychain runs the program with every failure of a keychain.
func TestGetOnAFailingKeychain(t *testing.T) {
	const inFile = "keep the tokens in a file: codex-cred login work --replace --store file"
	locked := told{exit.Store, "locked", "unlock the keychain, by signing in to the desktop or in its program (Passwords and Keys, or Keychain Access), then try again"}
	silent := told{exit.Temporary, "no answer in 3s: timed out", "answer the keychain's window if one is open, or sign out of the desktop and in again, then try again"}
	noBus := told{exit.Store, "unavailable: no session bus (D-Bus) can be reached", "over ssh or in a container there may be none: try from a desktop session, or " + inFile}
	want := map[testkeyring.Failure]told{
		testkeyring.Missing:         {exit.NotFound, "not found", "run: codex-cred login work"},
		testkeyring.Locked:          locked,
		testkeyring.LockedAsking:    locked,
		testkeyring.WrongPassword:   locked,
		testkeyring.NoCollection:    {exit.Store, "the Secret Service has no collection", "create a keyring by signing in to the desktop or in Passwords and Keys (seahorse), or " + inFile},
		testkeyring.Stopped:         silent,
		testkeyring.BusGivesUp:      {exit.Temporary, "timed out: list the collections", silent.hint},
		testkeyring.Killed:          locked,
		testkeyring.KilledInCall:    locked,
		testkeyring.BusKilledInCall: noBus,
		testkeyring.NoProvider:      {exit.Store, "unavailable: no program offers the Secret Service", "start or install a keychain such as gnome-keyring or KeePassXC, or " + inFile},
		testkeyring.ProviderFails:   {exit.Store, "unavailable: ", "try from a desktop session, or " + inFile},
		testkeyring.ProviderHangs:   silent,
		testkeyring.MuteSocket:      silent,
		testkeyring.StaleSocket:     noBus,
		testkeyring.NoSocket:        noBus,
		testkeyring.BadAddress:      noBus,
		testkeyring.Disabled:        noBus,
		testkeyring.NoBus:           noBus,
		testkeyring.NoBusButLaunch:  noBus,
	}
	for _, failure := range testkeyring.Failures() {
		t.Run(string(failure), func(t *testing.T) {
			w, listed := want[failure]
			if !listed {
				t.Fatal("nothing says what a caller is told")
			}
			homeDir, id := signedIn(t, "work")
			k := testkeyring.Fail(t, failure, id)
			wantTold(t, k, homeDir, w)
			if k.Prompted() {
				t.Error("a person was asked for the password")
			}
			if left := k.Leftovers(t); len(left) > 0 {
				t.Errorf("processes are left: %q", left)
			}
		})
	}
}

// signedIn returns a home directory with an account in the keychain.
func signedIn(t *testing.T, account string) (homeDir, id string) {
	t.Helper()
	homeDir = t.TempDir()
	drawn, err := helper.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, err = accountdir.New(filepath.Join(homeDir, "root"), time.Now).Update(account, func(a *helper.Account) error {
		a.ID, a.Store, a.Generation = drawn, home.StoreKeychain, 1
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return homeDir, string(drawn)
}

// wantTold runs get, checks its result, and checks that it takes no longer than a user would wait.
func wantTold(t *testing.T, k *testkeyring.Keyring, homeDir string, want told) {
	t.Helper()
	clock := filepath.Join(homeDir, "clock")
	if err := os.WriteFile(clock, []byte("0s"), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := exec.LookPath("codex-cred")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "get", "work")
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + homeDir, "CODEX_CRED_HOME=" + filepath.Join(homeDir, "root"),
		clockVariable + "=" + clock, "GORACE=atexit_sleep_ms=0",
	}, k.Env()...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("nobody is told anything in time; stderr: %q", stderr.String())
	}
	line := regexp.MustCompile(`^codex-cred: account "work": .*` + regexp.QuoteMeta(want.reason) + `.*; ` + regexp.QuoteMeta(want.hint) + `\n$`)
	if code := cmd.ProcessState.ExitCode(); code != want.code || stdout.Len() > 0 || !line.MatchString(stderr.String()) {
		t.Errorf("exit code %d, stdout %q, stderr %q; want %+v", code, stdout.String(), stderr.String(), want)
	}
}
