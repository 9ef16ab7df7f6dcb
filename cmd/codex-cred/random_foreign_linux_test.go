package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// A foreignSignIn is a sign-in of another program.
type foreignSignIn struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// foreignly signs in as another program would: in a home directory that is deleted afterwards.
func (w *randomWorld) foreignly() (foreignSignIn, string) {
	w.t.Helper()
	w.login.Lock()
	defer w.login.Unlock()
	homeDir := filepath.Join(w.t.TempDir(), "foreign")
	n := fmt.Sprint(len(w.server.Log()))
	w.server.SetUser(authserver.User{Subject: "user-" + n, AccountID: "acct-x", UserID: "u-" + n})
	defer w.server.SetUser(authserver.User{
		Subject: "user-1", Email: "user@example.com", AccountID: "acct-1", UserID: "u-1", Plan: "plus",
	})
	elsewhere := func(r *run) { r.Env = append(r.Env[:len(r.Env):len(r.Env)], "CODEX_CRED_HOME="+homeDir) }
	r := w.begin(elsewhere, w.loginArgs([]string{"--store", home.StoreFile})...)
	if got := r.end(); got.code != exit.OK {
		w.t.Errorf("a sign-in in another home: %+v", got)
		return foreignSignIn{}, ""
	}
	files, err := filepath.Glob(filepath.Join(homeDir, "credentials", "*"))
	must(w.t, err)
	files = credentials(files)
	content, err := os.ReadFile(files[0])
	must(w.t, err)
	var f foreignSignIn
	must(w.t, json.Unmarshal(content, &f))
	must(w.t, os.RemoveAll(homeDir))
	return f, w.newestRoot()
}

// imports imports the sign-in of another program.
func (w *randomWorld) imports(random *rand.Rand) {
	w.t.Helper()
	if w.profile != "openai" {
		return
	}
	n := w.reserve(random, false)
	if n == nil {
		return
	}
	defer w.release(n)
	f, root := w.foreignly()
	if root == "" {
		return
	}
	file := filepath.Join(w.t.TempDir(), "auth.json")
	tokens := map[string]any{
		"access_token": f.Access, "refresh_token": f.Refresh, "account_id": "acct-x",
		"oauth_provenance": map[string]string{"issuer": w.server.URL(), "client_id": authserver.OpenAIClientID},
	}
	content, err := json.Marshal(map[string]any{
		"auth_mode": "chatgpt", "tokens": tokens, "last_refresh": w.now().UTC().Format(time.RFC3339),
	})
	must(w.t, err)
	must(w.t, os.WriteFile(file, content, 0o600))
	ok := w.changes("", "import", "--from", file, "--as", n[0], "--store", w.anyStore(random))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[n[0]] = &randomSignIn{names: n, roots: []string{root}, perhaps: !ok}
}

// stores stores a credential under an unused name, or replaces another.
func (w *randomWorld) stores(random *rand.Rand) {
	w.t.Helper()
	there := random.IntN(2) == 0
	n := w.reserve(random, there)
	if n == nil {
		return
	}
	defer w.release(n)
	f, root := w.foreignly()
	if root == "" {
		return
	}
	client := map[string]string{"openai": authserver.OpenAIClientID, "oauth": authserver.OAuthClientID}[w.profile]
	given := map[string]any{
		"access_token": f.Access, "refresh_token": f.Refresh, "expires_in": 3600,
		"profile": w.profile, "issuer": w.server.URL(), "client_id": client,
	}
	content, err := json.Marshal(given)
	must(w.t, err)
	args := []string{"store", n[0]}
	if !there {
		args = append(args, "--store", w.anyStore(random))
	}
	ok := w.changes(string(content), args...)
	if there {
		w.replaced(n[0], root, ok)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[n[0]] = &randomSignIn{names: n, roots: []string{root}, perhaps: !ok}
}
