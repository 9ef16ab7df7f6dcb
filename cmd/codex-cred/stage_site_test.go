package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// A site is a server that git, docker, go, kubectl and curl send access tokens to. It serves git
// repositories, registries of images and packages, a module proxy and a page, over HTTP and over
// HTTPS. It accepts the tokens that the fake API accepts, as a bearer token or as a password.
type site struct {
	plain, tls *httptest.Server
}

func startSite(t *testing.T, a *api, repositories string) (*site, error) {
	backend, err := exec.CommandContext(t.Context(), "git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("find the git server: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/git/", &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"), Root: "/git",
		Env: []string{"GIT_PROJECT_ROOT=" + repositories, "GIT_HTTP_EXPORT_ALL=1"}, Stderr: io.Discard,
	})
	for path, answer := range map[string]string{
		"/v2/":                               `{}`,
		"/v2/tools/crate/tags/list":          `{"name":"tools/crate","tags":["v7"]}`,
		"/mod/example.test/m/@v/list":        "v1.0.0\n",
		"/mod/example.test/m/@v/v1.0.0.info": `{"Version":"v1.0.0","Time":"2026-01-02T03:04:05Z"}`,
		"/mod/example.test/m/@v/v1.0.0.mod":  "module example.test/m\n",
		"/npm/tool":                          `{"name":"tool","dist-tags":{"latest":"7.0.0"},"versions":{"7.0.0":{"name":"tool","version":"7.0.0","dist":{"tarball":"http://127.0.0.1/tool.tgz","shasum":"x"}}}}`,
		"/page":                              "the page\n",
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) })
	}
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.accepts(presented(r)) {
			w.Header().Set("Www-Authenticate", `Basic realm="site"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
	s := &site{plain: httptest.NewServer(guarded), tls: httptest.NewTLSServer(guarded)}
	t.Cleanup(s.plain.Close)
	t.Cleanup(s.tls.Close)
	return s, nil
}

func presented(r *http.Request) string {
	if _, password, ok := r.BasicAuth(); ok {
		return password
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// raise starts the servers and sets the variables of the script: SITE and SECURE are their URLs,
// CERTIFICATE is the file with the certificate of the second, REPOSITORIES the directory of the git
// repositories.
func (s *site) raise(e *testscript.Env, repositories string) error {
	certificate := filepath.Join(e.WorkDir, "certificate.pem")
	e.Setenv("SITE", s.plain.URL)
	e.Setenv("REGISTRY", strings.TrimPrefix(s.plain.URL, "http://"))
	e.Setenv("SECURE", s.tls.URL)
	e.Setenv("CERTIFICATE", certificate)
	e.Setenv("REPOSITORIES", repositories)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.tls.Certificate().Raw})
	return os.WriteFile(certificate, block, 0o600)
}
