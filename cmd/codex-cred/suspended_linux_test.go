package main

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// hurry is the factor by which time passes faster for the worker. Its 90 seconds for the request
// and its 150 for everything become 0.9 and 1.5.
const hurry = 100

// TestSuspended stops the worker with SIGSTOP after it sent its request, for longer than all its
// time limits. The answer arrives meanwhile. When the worker continues, it must read the answer
// before it checks any time limit.
func TestSuspended(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string, keyring *testkeyring.Keyring) {
		for _, token := range []string{validToken, expiredToken} {
			t.Run(token, func(t *testing.T) {
				t.Parallel()
				s := newScene(t, store, keyring, false)
				s.env = append(s.env, hurryVariable+"=100")
				old := s.cred("get", "work").stdout
				must(t, s.server.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh}))
				w := s.walk("send-before", func(_ *run, at stop, _ int) {
					at.answer(goOn)
					must(t, s.server.Wait(t.Context(), authserver.GrantRefresh, 1))
					must(t, unix.Kill(at.worker, unix.SIGSTOP))
					s.untilStopped(at.worker)
					s.server.Release()
					<-time.After(2 * worker.MaxTime / hurry)
					must(t, unix.Kill(at.worker, unix.SIGCONT))
				}, s.begins(token)...)
				if w.hits != 1 || w.code != exit.OK || w.stdout == old {
					t.Errorf("the caller of the worker that was stopped: %+v after %d hits, want a new token after 1", w.said, w.hits)
				}
				s.settle()
				s.wantWhole(w.stdout)
				s.wantNoRevocation()
			})
		}
	})
}
