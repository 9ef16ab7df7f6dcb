package main

import (
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// TestFrames checks that the program, its worker and the store accept every form of a token answer:
// one request, a new token, no warning, and the next refresh presents the new refresh token.
// Without slow tests each form runs with only one store and one state of the token.
func TestFrames(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string, keyring *testkeyring.Keyring) {
		for nth, token := range []string{validToken, expiredToken} {
			if store == home.StoreKeychain {
				nth += 2
			}
			t.Run(token, func(t *testing.T) {
				t.Parallel()
				s := newScene(t, store, keyring, false)
				last := s.cred("get", "work").stdout
				for i, kind := range authserver.Frames() {
					if !sampled(i+nth, 4, 1) {
						continue
					}
					must(t, s.server.Fail(authserver.Fault{Kind: kind, Grant: authserver.GrantRefresh}))
					sent := s.refreshes()
					got := s.cred(s.begins(token)...)
					s.wantPrinted(got, "")
					if got.code != exit.OK || got.stderr != "" || got.stdout == last || s.refreshes() != sent+1 || s.server.Heal() != 0 {
						t.Errorf("%s: %+v after %d refreshes, want a new token after 1", kind, got, s.refreshes()-sent)
					}
					last = got.stdout
				}
				s.settle()
				s.inspect("after all frames")
				if twice := s.presentedTwice(); len(twice) > 0 {
					t.Errorf("presented twice: %q", twice)
				}
			})
		}
	})
}
