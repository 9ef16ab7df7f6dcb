package authserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// listen is the loopback listener of a sign-in that answers with the status.
func listen(t *testing.T, status int) (redirect string, got func() url.Values) {
	queries := make(chan url.Values, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries <- r.URL.Query()
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/auth/callback", func() url.Values { return <-queries }
}

func TestBrowseEndsAtTheListener(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	redirect, got := listen(t, http.StatusOK)
	if err := authserver.Browse(t.Context(), c.s.URL()+c.authorizeQuery("redirect_uri", redirect)); err != nil {
		t.Fatal(err)
	}
	query := got()
	if query.Get("state") != "the-state" {
		t.Errorf("state is %q", query.Get("state"))
	}
	c.tokens(c.must(c.exchange(query.Get("code"), "redirect_uri", redirect)))
}

func TestBrowseReports(t *testing.T) {
	c := start(t, authserver.Options{Profile: authserver.ProfileOAuth})
	refusing, got := listen(t, http.StatusBadRequest)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, tt := range []struct {
		name, path, want string
		ended            bool
	}{
		{"a listener that refuses", c.authorizeQuery("redirect_uri", refusing), "status 400", false},
		{"an unknown client", c.authorizeQuery("client_id", "x"), "status 400", false},
		{"nobody at the redirect URI", c.authorizeQuery("redirect_uri", closed.URL+"/cb"), "connect", false},
		{"the end of the context", c.authorizeQuery(), "canceled", true},
		{"a URL that does not parse", c.authorizeQuery() + "\n", "parse", false},
	} {
		ctx := t.Context()
		if tt.ended {
			ctx = ended
		}
		err := authserver.Browse(ctx, c.s.URL()+tt.path)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: the error is %v, want %q in it", tt.name, err, tt.want)
		} else if strings.Contains(err.Error(), "code") || strings.Contains(err.Error(), "the-state") {
			t.Errorf("%s: the error holds the query: %v", tt.name, err)
		}
	}
	if got().Get("code") == "" {
		t.Error("the refusing listener got no code")
	}
}

func TestBrowse_LoopbackOnly(t *testing.T) {
	away := httptest.NewServer(http.RedirectHandler("http://192.0.2.1/away", http.StatusFound))
	defer away.Close()
	for _, target := range []string{"http://192.0.2.1/", "https://auth.example.com/authorize", away.URL} {
		if err := authserver.Browse(t.Context(), target); err == nil || !strings.Contains(err.Error(), "is not on loopback") {
			t.Errorf("Browse(%q) = %v, want it refused", target, err)
		}
	}
}
