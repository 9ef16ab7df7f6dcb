package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// roundsVariable is the number of rounds of the next test, for each profile and store.
const roundsVariable = "CODEX_CRED_TEST_ROUNDS"

// TestNamespaceThatEnds runs a get or exec, in the last tenth of a token's life, in a PID namespace
// that ends 100 ms after it, as in a container job. The issuer takes longer than that for its
// answer, and accepts each refresh token once. No sign-in may be lost.
func TestNamespaceThatEnds(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		parts.Need(t, "root", fmt.Errorf("only root makes a process namespace"))
	}
	unshare, err := exec.LookPath("unshare")
	parts.Need(t, "root", err)
	rounds := 10
	if n, err := strconv.Atoi(os.Getenv(roundsVariable)); err == nil {
		rounds = n
	}
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		for _, store := range []string{home.StoreFile, home.StoreKeychain} {
			t.Run(profile+"-"+store, func(t *testing.T) {
				together(t, store)
				of := &stage{t: t, profile: profile, store: store}
				if store == home.StoreKeychain {
					of.keyring = startKeychain(t)
				}
				s := raiseScene(t, of, false)
				s.server.SetLife(10 * time.Hour)
				for n := range rounds {
					s.endNamespace(unshare, n)
				}
			})
		}
	}
}

// endNamespace runs a round: a get or an exec, in the first or second half of the last tenth.
// Afterwards the sign-in must work.
func (s *scene) endNamespace(unshare string, n int) {
	s.t.Helper()
	if said := s.cred("get", "work", "--refresh"); said.code != exit.OK || said.stderr != "" {
		s.t.Fatalf("before round %d: %+v", n, said)
	}
	before := s.refreshes()
	s.pass([]time.Duration{9*time.Hour + 10*time.Minute, 9*time.Hour + 40*time.Minute}[n%2])
	must(s.t, s.server.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh, Delay: 150 * time.Millisecond}))
	command := [][]string{
		{"codex-cred", "exec", "work", "--", "sleep", "0.1"},
		{"sh", "-c", "codex-cred get work && sleep 0.1"},
	}[n/2%2]
	said := s.begin(func(r *run) {
		r.Path, r.Args = unshare, append([]string{"unshare", "--pid", "--fork", "--mount-proc"}, command...)
		r.Env = append(r.Env[:len(r.Env):len(r.Env)], jobVariable+"=real")
	}, "get").end()
	if said.code != exit.OK || said.stderr != "" {
		s.t.Errorf("round %d, in the namespace: %+v", n, said)
	}
	if got, want := s.refreshes()-before, n%2; got != want {
		s.t.Errorf("round %d: %d refreshes in the namespace, want %d", n, got, want)
	}
	s.server.Heal()
	s.pass(time.Hour)
	if said := s.cred("get", "work", "--refresh"); said.code != exit.OK || said.stderr != "" {
		s.t.Fatalf("round %d lost the sign-in: %+v", n, said)
	}
}
