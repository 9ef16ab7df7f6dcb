package signin_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/machine/peeruser"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/testbrowser"
)

// TestRealBrowsers_Cookie checks that common browsers keep the cookie of the start address until the response, and send
// it from a second tab, for either name of this computer. The system reports no user here, so only the cookie counts.
func TestRealBrowsers_Cookie(t *testing.T) {
	for _, name := range testbrowser.Names() {
		for _, host := range []string{"127.0.0.1", "localhost"} {
			t.Run(name+" at "+host, func(t *testing.T) {
				b := testbrowser.New(t, name)
				env := newEnvironment(t, authserver.Options{})
				tabs := newTabs(t, env.iss.AuthorizationEndpoint)
				env.iss.AuthorizationEndpoint = tabs.server.URL + "/authorize"
				env.iss.RedirectURI = "http://" + host + ":0/auth/callback"
				env.browser.Limit = 2 * time.Minute
				env.browser.Peer = func(context.Context, netip.AddrPort, netip.AddrPort) peeruser.User { return peeruser.User{} }
				env.browser.Warn = func(text string) { t.Errorf("the person is told: %s", text) }
				env.browser.Open = func(ctx context.Context, address string) error {
					tabs.start.Store(&address)
					return run(ctx, b, address)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				c, err := env.browser.SignIn(ctx, env.iss)
				if err != nil || c.AccessToken.IsZero() || !strings.HasPrefix(c.Issuer.RedirectURI, "http://"+host+":") {
					t.Errorf("error %v, redirect URI %s", err, c.Issuer.RedirectURI)
				}
				if n := tabs.visits.Load(); n != 2 {
					t.Errorf("%d tabs came to the issuer, want 2", n)
				}
			})
		}
	}
}

func run(ctx context.Context, b *testbrowser.Browser, addresses ...string) error {
	words := append(b.Command(), addresses...)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Env = b.Env()
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }() // it is killed at the end
	return nil
}

// tabs is an issuer whose sign-in page opens a second tab, which opens the start address again. The first tab continues
// when the second has reached the issuer.
type tabs struct {
	server *httptest.Server
	start  atomic.Pointer[string]
	visits atomic.Int32
	second chan struct{} // closed when the second tab is there
}

const page = `<!doctype html><title>issuer</title><script>open("/second-tab"); location = "/go" + location.search</script>`

func newTabs(t *testing.T, authorize string) *tabs {
	t.Helper()
	s := &tabs{second: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := authorize + "?" + r.URL.RawQuery
		switch r.URL.Path {
		case "/authorize":
			switch s.visits.Add(1) {
			case 1:
				w.Header().Set("Content-Type", "text/html")
				_, _ = io.WriteString(w, page)
				return
			case 2:
				close(s.second)
			}
		case "/second-tab":
			target = *s.start.Load()
		case "/go":
			await(r.Context(), s.second)
		default:
			http.NotFound(w, r)
			return
		}
		http.Redirect(w, r, target, http.StatusFound)
	}))
	t.Cleanup(s.server.Close)
	return s
}

func await(ctx context.Context, c <-chan struct{}) {
	select {
	case <-c:
	case <-ctx.Done():
	}
}
