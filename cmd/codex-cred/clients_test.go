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

	"github.com/codex-cred/codex-cred/internal/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// clientsVariable names the directory that .ci/clients made.
const clientsVariable = "CODEX_CRED_TEST_CLIENTS"

// TestClients runs the programs that others wrote, as people set them up, against
// an API that accepts the newest token alone. A script's name begins with the
// client that it needs.
func TestClients(t *testing.T) {
	parts.NeedSlow(t)
	if testing.Short() {
		t.Skip("the clients are large programs")
	}
	scripts, err := filepath.Glob("testdata/clients/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find the scripts: %v", err)
	}
	for _, store := range []string{storeFile, storeKeychain} {
		for _, script := range scripts {
			t.Run(name(script)+"-"+store, func(t *testing.T) {
				t.Parallel()
				client, _, _ := strings.Cut(name(script), "-")
				path, err := findClient(client)
				parts.Need(t, client, err)
				play(t, script, &stage{t: t, profile: refresh.ProfileOpenAI, store: store, client: path})
			})
		}
	}
}

// findClient looks for a client where the tests' clients are, and then anywhere.
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

// raiseClient adds what scripts about clients have: the client in the path, the
// API, and a path without the client.
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
	e.Setenv("PATH", filepath.Dir(s.client)+string(os.PathListSeparator)+e.Getenv("PATH"))
}
