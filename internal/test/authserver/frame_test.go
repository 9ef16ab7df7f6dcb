package authserver_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// TestFrames checks that a damaged frame spends the refresh token, as a valid answer does, and that
// something arrives. Its kinds apply to a refresh only.
func TestFrames(t *testing.T) {
	for _, kind := range authserver.Frames() {
		t.Run(kind, func(t *testing.T) {
			c := start(t, authserver.Options{})
			token := c.signIn().RefreshToken
			if c.s.Fail(authserver.Fault{Kind: kind, Grant: authserver.GrantCode}) == nil {
				t.Error("it can happen to a code")
			}
			if err := c.s.Fail(authserver.Fault{Kind: kind}); err != nil {
				t.Fatal(err)
			}
			conn, err := net.Dial("tcp", strings.TrimPrefix(c.s.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := c.refresh(token).Write(conn); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil {
				t.Errorf("nothing arrived: %v", err)
			}
			log := c.s.Log()
			if e := log[len(log)-1]; e.Fault != kind || e.Generation != 2 || e.IssuedRefresh == "" {
				t.Errorf("the log has %+v", e)
			}
			c.wantRefused(c.must(c.refresh(token)), authserver.RefreshTokenReused)
		})
	}
}
