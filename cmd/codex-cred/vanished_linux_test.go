package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// When a folder that vanished comes back.
const (
	atNextStep    = "back at the next step"
	atEndOfCaller = "back when the caller has ended"
)

// A vanishing is a directory of codex-cred that disappears at a step: a home directory that is
// unmounted, synced or restored.
type vanishing struct {
	step, folder, token, back string
}

func vanishings() []vanishing {
	folders := []string{"", "accounts", "credentials", "journal", "locks"}
	all := make([]vanishing, 0, 4*len(folders)*len(steps()))
	for _, step := range steps() {
		for _, folder := range folders {
			for _, token := range []string{validToken, expiredToken} {
				for _, back := range []string{atNextStep, atEndOfCaller} {
					all = append(all, vanishing{step, folder, token, back})
				}
			}
		}
	}
	return all
}

// TestVanished removes a folder, or the root, at each failpoint, and puts it back. No token is
// revoked and no sign-in is lost, whatever errors the callers get meanwhile.
func TestVanished(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string, keyring *testkeyring.Keyring) {
		for i, v := range vanishings() {
			if store == home.StoreKeychain && v.folder == "credentials" || !sampled(i, 29, 5) {
				continue
			}
			name := strings.Join([]string{v.step, "root" + v.folder, v.token, v.back}, "-")
			t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				s := newScene(t, store, keyring, false)
				s.torn = true // a temporary file may be missing when it would be removed
				s.vanish(v, away{filepath.Join(s.root, v.folder), filepath.Join(s.home, "away")})
				s.settle()
				s.wantKept()
			})
		}
	})
}

// An absence is a folder that can vanish and come back. Both methods may be called twice.
type absence interface {
	leave(t *testing.T)
	back(t *testing.T)
}

// vanish runs a get during which the folder vanishes and comes back, and checks that it prints no
// token that the server does not accept.
func (s *scene) vanish(v vanishing, folder absence) {
	s.t.Helper()
	stand := newStand(s.t)
	args := append(s.begins(v.token), "--timeout", "20s")
	caller := s.begin(func(r *run) { r.Env = append(r.Env[:len(r.Env):len(r.Env)], stepVariable+"="+stand.name) }, args...)
	hit := false
	over, ended, workers := caller.ended, make(chan int), map[int]bool{}
	for over != nil || len(workers) > 0 {
		select {
		case <-over:
			over = nil
			folder.back(s.t)
		case pid := <-ended:
			delete(workers, pid)
		case at := <-stand.stops:
			if !workers[at.worker] {
				workers[at.worker] = true
				whenEnded(s.t, at.worker, ended)
			}
			if hit && v.back == atNextStep {
				folder.back(s.t)
			}
			if at.step == v.step && !hit {
				hit = true
				folder.leave(s.t)
			}
			at.answer(goOn)
		}
	}
	folder.back(s.t)
	if !hit {
		s.t.Fatal("the folder did not vanish")
	}
	got := caller.end()
	if got.stdout != "" && !s.server.Accepts(strings.TrimSuffix(got.stdout, "\n")) {
		s.t.Errorf("the server does not accept what was printed: exit code %d, %s", got.code, got.stderr)
	}
}

// wantKept checks that the sign-in works, and that nothing was revoked or presented twice. A get of
// a valid token need not refresh.
func (s *scene) wantKept() {
	s.t.Helper()
	s.untilDue()
	first := s.cred("get", "work")
	s.pass(2 * time.Hour)
	s.untilDue()
	second := s.cred("get", "work")
	s.inspect("after two clean gets")
	if first.code != exit.OK || second.code != exit.OK || first.stdout == second.stdout {
		s.t.Errorf("a clean get, and one two hours later: exit codes %d and %d: %s%s%s",
			first.code, second.code, first.stderr, second.stderr, s.story())
	}
	s.wantPrinted(second, "")
	if twice := s.presentedTwice(); len(twice) > 0 {
		s.t.Errorf("refresh tokens were presented twice: %q%s", twice, s.story())
	}
	s.wantNoRevocation()
}

// away is the place of a folder, and its place while it is away.
type away struct{ home, elsewhere string }

// leave moves the folder away, if it exists.
func (a away) leave(t *testing.T) {
	t.Helper()
	if err := os.Rename(a.home, a.elsewhere); !os.IsNotExist(err) {
		must(t, err)
	}
}

// back moves the folder back, if it is away. What was created in its place is deleted, as it would
// be hidden under a mounted file system.
func (a away) back(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(a.elsewhere); os.IsNotExist(err) {
		return
	}
	err := os.Rename(a.elsewhere, a.home)
	for tries := 0; err != nil && tries < 100; tries++ {
		_ = os.RemoveAll(a.home) // other processes may write there
		err = os.Rename(a.elsewhere, a.home)
	}
	must(t, err)
}
