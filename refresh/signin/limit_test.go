package signin_test

import (
	"context"
	"net"
	"net/url"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestSignIn_ListenerIsClosed checks that the listener is closed after the response (RFC 8252 section 8.3).
func TestSignIn_ListenerIsClosed(t *testing.T) {
	env := newEnvironment(t, authserver.Options{Profile: refresh.ProfileOAuth})
	var address string
	env.browser.Listening = func(authorize string) {
		u, err := url.Parse(authorize)
		if err != nil {
			t.Fatal(err)
		}
		back, err := url.Parse(u.Query().Get("redirect_uri"))
		if err != nil {
			t.Fatal(err)
		}
		address = back.Host
	}
	if _, err := env.signIn(t); err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	if conn, err := d.DialContext(context.WithoutCancel(t.Context()), "tcp", address); err == nil {
		_ = conn.Close()
		t.Errorf("%s still listens after the sign-in", address)
	}
}
