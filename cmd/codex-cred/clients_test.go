package main

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// clientsVariable names the directory that .ci/clients creates.
const clientsVariable = "CODEX_CRED_TEST_CLIENTS"

// TestClients runs other programs, set up as users set them up, against an API that accepts only
// the newest token. A script's name begins with the client that it needs.
func TestClients(t *testing.T) {
	parts.NeedSlow(t)
	if testing.Short() {
		t.Skip("the clients are large programs")
	}
	scripts, err := filepath.Glob("testdata/clients/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find the scripts: %v", err)
	}
	for _, store := range []string{home.StoreFile, home.StoreKeychain} {
		for _, script := range scripts {
			t.Run(name(script)+"-"+store, func(t *testing.T) {
				t.Parallel()
				client, _, _ := strings.Cut(name(script), "-")
				path, err := findClient(client)
				parts.Need(t, client, err)
				play(t, script, &stage{t: t, profile: refresh.ProfileOpenAI, store: store, client: path, workdirs: shelteredDir(t)})
			})
		}
	}
}

// findClient looks for a client in the directory of test clients, and then in the PATH.
func findClient(name string) (string, error) {
	if dir := os.Getenv(clientsVariable); dir != "" {
		for _, place := range []string{filepath.Join("node_modules", ".bin"), "bin"} {
			path, err := exec.LookPath(filepath.Join(dir, place, name))
			if !errors.Is(err, fs.ErrNotExist) {
				return path, err
			}
		}
	}
	return exec.LookPath(name)
}

// shelteredDir returns a directory that has no parent that other users can write to. setup --verify
// runs clients only in such a directory.
func shelteredDir(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	must(t, err)
	must(t, os.MkdirAll(cache, 0o700))
	dir, err := os.MkdirTemp(cache, "codex-cred-test-") //nolint:usetesting // other users can write above t.TempDir
	must(t, err)
	t.Cleanup(func() {
		_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, _ error) error {
			if entry != nil && entry.IsDir() {
				_ = os.Chmod(path, 0o700) // the go command makes its directories read-only
			}
			return nil
		})
		must(t, os.RemoveAll(dir))
	})
	parts.Need(t, "sheltered", safefile.CheckSheltered(filepath.Join(dir, "root")))
	return dir
}

// raiseClient prepares the environment of a script about a client: the client in the PATH, the fake
// API, and a PATH without the client.
func (s *stage) raiseClient(e *testscript.Env) {
	if s.client == "" {
		return
	}
	ours, err := exec.LookPath("codex-cred")
	must(s.t, err)
	e.Setenv("OURS", filepath.Dir(ours))
	s.api = startAPI(s)
	repositories := filepath.Join(e.WorkDir, "repositories")
	site, err := startSite(s.t, s.api, repositories)
	must(s.t, err)
	must(s.t, site.raise(e, repositories))
	e.Setenv("API", s.api.url())
	e.Setenv("ANTHROPIC", s.api.http.URL)
	must(s.t, s.plantIntruders(e))
	e.Setenv("PATH", filepath.Dir(s.client)+string(os.PathListSeparator)+e.Getenv("PATH"))
}
