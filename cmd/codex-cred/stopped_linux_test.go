package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// States of a token when its refresh begins.
const (
	validToken   = "valid"
	expiredToken = "expired"
)

// begins returns the get that starts a refresh of such a token.
func (s *scene) begins(token string) []string {
	s.t.Helper()
	if token == validToken {
		return []string{"get", "work", "--refresh"}
	}
	s.pass(2 * time.Hour)
	return []string{"get", "work"}
}

// onBothStores runs the test once with each store. All fixtures of the keychain share one.
func onBothStores(t *testing.T, test func(t *testing.T, store string, keyring *testkeyring.Keyring)) {
	for _, store := range []string{home.StoreFile, home.StoreKeychain} {
		t.Run(store, func(t *testing.T) {
			var keyring *testkeyring.Keyring
			if store == home.StoreKeychain {
				keyring = testkeyring.Start(t)
			}
			t.Run("step", func(t *testing.T) { test(t, store, keyring) }) // the keyring outlives the parallel tests
		})
	}
}

// TestStopped stops the worker with SIGSTOP at each failpoint. Another get prints a valid token, or
// exits 7 in bounded time. Once the worker continues, its caller has the new token, and the sign-in
// works.
func TestStopped(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string, keyring *testkeyring.Keyring) {
		for i, step := range steps() {
			for j, token := range []string{validToken, expiredToken} {
				if !sampled(2*i+j, 5, 1) {
					continue
				}
				t.Run(step+"-"+token, func(t *testing.T) {
					t.Parallel()
					s := newScene(t, store, keyring, false)
					old := s.cred("get", "work").stdout
					w := s.walk(step, func(_ *run, at stop, hit int) {
						if hit == 1 {
							s.meetStopped(at, token, old)
							return
						}
						at.answer(goOn)
					}, s.begins(token)...)
					if w.hits == 0 || w.code != exit.OK || w.stdout == old {
						t.Errorf("the caller of the worker that was stopped: %+v, want a new token", w)
					}
					s.settle()
					s.wantWhole(w.stdout)
					s.wantNoRevocation()
				})
			}
		}
	})
}

// meetStopped runs another get while the worker is stopped.
func (s *scene) meetStopped(at stop, token, old string) {
	s.t.Helper()
	must(s.t, unix.Kill(at.worker, unix.SIGSTOP))
	defer func() { must(s.t, unix.Kill(at.worker, unix.SIGCONT)) }()
	s.untilStopped(at.worker)
	at.answer(goOn) // read when it continues
	other := s.cred("get", "work", "--timeout", "1s")
	s.wantPrinted(other, "")
	switch {
	case token == validToken && other.code != exit.OK:
		s.t.Errorf("another get of a valid token: %+v, want a token", other)
	case token == expiredToken && other.code == exit.OK && other.stdout == old:
		s.t.Error("another get printed the expired token")
	case other.code != exit.OK && other.code != exit.Busy:
		s.t.Errorf("another get: %+v, want a token or exit code %d", other, exit.Busy)
	}
}

// untilStopped returns when the process is stopped: a signal takes effect some time after it is
// sent.
func (s *scene) untilStopped(pid int) {
	s.t.Helper()
	giveUp := time.After(patience)
	for {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		must(s.t, err)
		if after := stat[bytes.LastIndexByte(stat, ')')+1:]; bytes.HasPrefix(after, []byte(" T")) {
			return
		}
		select {
		case <-giveUp:
			s.t.Fatalf("process %d never stopped", pid)
		case <-time.After(time.Millisecond):
		}
	}
}

// settle waits until no worker of the fixture runs.
func (s *scene) settle() {
	s.t.Helper()
	if left := s.awaitWorkers(0); os.Geteuid() == 0 && len(left) > 0 {
		s.t.Fatalf("workers are left: %q", left)
	}
}

// wantNoRevocation checks that no token was revoked.
func (s *scene) wantNoRevocation() {
	s.t.Helper()
	if n := s.server.Count(authserver.GrantRevoke); n > 0 {
		s.t.Errorf("%d revocations, want none: %s", n, s.story())
	}
}

// story returns the requests at the token endpoint, for failure messages.
func (s *scene) story() string {
	var b bytes.Buffer
	for _, e := range s.server.Log() {
		switch e.Grant {
		case authserver.GrantRefresh, authserver.GrantRevoke, authserver.GrantCode:
			_, _ = fmt.Fprintf(&b, "\n%s presented %q issued %q: status %d generation %d %s",
				e.Grant, e.Presented, e.IssuedRefresh, e.Status, e.Generation, e.Fault)
		}
	}
	return b.String()
}
