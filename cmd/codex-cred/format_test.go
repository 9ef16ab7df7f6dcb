package main

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/refresh"
)

// formatV1 is a home directory in the formats of version 1, after a refresh that was killed between
// keeping its answer and storing it. It is never regenerated: older and newer versions run side by
// side and share it. A change of any byte requires a new version number and another directory.
const formatV1 = "testdata/format-v1"

const (
	goldenID   = helper.ID("0123456789abcdef0123456789abcdef")
	goldenHost = "00112233445566778899aabbccddeeff"
)

func goldenTime() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }

func goldenCredential() helper.Credential {
	return helper.Credential{
		AccessToken: helper.NewSecret("golden-access-3"), RefreshToken: helper.NewSecret("golden-refresh-3"),
		ObtainedAt: goldenTime(), Expiry: goldenTime().Add(time.Hour), Generation: 3, Scope: "openid offline_access",
		Identity: helper.Identity{Subject: "user-1", AccountID: "acct-1", UserID: "u-1", Plan: "plus", Email: "user@example.com"},
		Issuer: helper.Issuer{
			Profile: refresh.ProfileOAuth, URL: "https://auth.example.com", ClientID: "client-1", Scope: "openid offline_access", Originator: "codex-cred",
			AuthorizationEndpoint: "https://auth.example.com/authorize", TokenEndpoint: "https://auth.example.com/token",
			RevocationEndpoint: "https://auth.example.com/revoke",
		},
	}
}

// writeGolden writes the files in the formats of this version.
func writeGolden(t *testing.T, root string) {
	t.Helper()
	ctx := t.Context()
	_, err := accountdir.New(root, goldenTime).Update("work", func(a *helper.Account) error {
		a.ID, a.Store, a.Generation, a.Host = goldenID, home.StoreFile, 3, goldenHost
		a.NotBefore, a.Unanswered, a.Began = goldenTime().Add(time.Minute), 1, helper.NewSecret("golden-refresh-1").Digest()
		a.Rejections, a.RejectedAt, a.ClockTried = 2, goldenTime(), 2
		a.Leftovers = []helper.Leftover{{ID: "fedcba9876543210fedcba9876543210", Store: home.StoreKeychain}}
		return nil
	})
	must(t, err)
	item, err := helper.Encode(goldenCredential())
	must(t, err)
	files := fallbackfile.New(root)
	_, err = files.Put(ctx, string(goldenID), item, "")
	must(t, err)
	key := bytes.Repeat([]byte("k"), journal.KeySize)
	_, err = files.Put(ctx, goldenID.Journal(), key, "")
	must(t, err)
	for _, lock := range []string{string(goldenID), refresh.GateName(goldenID), filelock.SignIn + "work"} {
		unlock, err := filelock.New(root).Lock(ctx, lock)
		must(t, err)
		must(t, unlock())
	}
	j, err := journal.New(root).Open(goldenID, key)
	must(t, err)
	must(t, j.Mark(journal.Mark{
		Attempt: "attempt-1", ID: goldenID, Generation: 3, Token: goldenCredential().RefreshToken.Digest(),
		Time: goldenTime().Add(2 * time.Hour), Host: goldenHost, State: journal.StateSending,
	}))
	must(t, j.Answer([]byte(goldenAnswer)))
	must(t, j.Close())
}

// goldenAnswer has the body
// {"access_token":"golden-access-4","refresh_token":"golden-refresh-4","token_type":"Bearer","expires_in":3600}.
const goldenAnswer = `{"host":"auth.example.com","start":"2026-05-01T14:00:00Z","status":200,"body":"` +
	`eyJhY2Nlc3NfdG9rZW4iOiJnb2xkZW4tYWNjZXNzLTQiLCJyZWZyZXNoX3Rva2VuIjoiZ29sZGVuLXJlZnJlc2gtNCIsInRva2VuX3R5cGUiOiJCZWFyZXIiLCJleHBpcmVzX2luIjozNjAwfQ=="}`

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestFormat_Writes checks that this version writes exactly the files of version 1.
func TestFormat_Writes(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	writeGolden(t, root)
	want, got := filesIn(t, formatV1), filesIn(t, root)
	if w, g := names(want), names(got); !slices.Equal(w, g) {
		t.Fatalf("the files are %q, want %q", g, w)
	}
	for name, content := range want {
		written := got[name]
		if strings.HasPrefix(name, "journal/") && len(written) == len(content) {
			// Only the header is the same, because each answer is sealed with another nonce.
			written, content = written[:4096], content[:4096]
		}
		if !bytes.Equal(written, content) {
			t.Errorf("%s:\n got %q\nwant %q", name, written, content)
		}
	}
}

// TestFormat_Reads checks that this version reads an older account, and the answer in its journal
// without another request.
func TestFormat_Reads(t *testing.T) {
	homeDir := t.TempDir()
	root := filepath.Join(homeDir, "root")
	for name, content := range filesIn(t, formatV1) {
		must(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o700))
		must(t, os.WriteFile(filepath.Join(root, name), content, 0o600))
	}
	before := names(filesIn(t, root))
	for range 2 {
		if got := goldenGet(t, homeDir, root); got != "golden-access-4\n" {
			t.Fatalf("get printed %q", got)
		}
	}
	after := names(filesIn(t, root))
	gone := func(name string) bool { return filepath.Dir(name) == "journal" }
	if want := slices.DeleteFunc(before, gone); !slices.Equal(after, want) {
		t.Errorf("the files are %q, want %q", after, want)
	}
}

func goldenGet(t *testing.T, homeDir, root string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	clock := filepath.Join(homeDir, "clock")
	must(t, os.WriteFile(clock, []byte(time.Until(goldenTime().Add(2*time.Hour+time.Minute)).String()), 0o600))
	program, err := exec.LookPath("codex-cred")
	must(t, err)
	cmd := exec.CommandContext(ctx, program, "get", "work")
	cmd.Env = append(os.Environ(), "HOME="+homeDir, "CODEX_CRED_HOME="+root, clockVariable+"="+clock, hostVariable+"="+goldenHost, "GORACE=atexit_sleep_ms=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("get: %v: %s", err, stderr.String())
	}
	return string(out)
}

// filesIn returns the files by their paths, with slashes.
func filesIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	must(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found[path], err = os.ReadFile(filepath.Join(dir, path))
		}
		return err
	}))
	return found
}

func names(files map[string][]byte) []string {
	return slices.Sorted(maps.Keys(files))
}

// formatV2 has a file in a format of version 2: an account that is shared with another program. It
// is never regenerated either.
const formatV2 = "testdata/format-v2"

// TestFormat_Shared checks that this version writes and reads the same shared account.
func TestFormat_Shared(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	accounts := accountdir.New(root, goldenTime)
	wrote, err := accounts.Update("work", func(a *helper.Account) error {
		a.ID, a.Store, a.Generation, a.Host = goldenID, home.StoreFile, 1, goldenHost
		a.Began, a.Shared = helper.NewSecret("golden-refresh-1").Digest(), "/home/me/.codex/auth.json"
		return nil
	})
	must(t, err)
	const record = "accounts/work.json"
	want, got := filesIn(t, formatV2), filesIn(t, root)
	if !bytes.Equal(want[record], got[record]) {
		t.Errorf("\n got %q\nwant %q", got[record], want[record])
	}
	must(t, os.WriteFile(filepath.Join(root, filepath.FromSlash(record)), want[record], 0o600))
	if read, err := accounts.Load("work"); err != nil || read.Shared != wrote.Shared || read.ID != goldenID {
		t.Errorf("read %+v, %v", read, err)
	}
}
