package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/refresh"
)

// A scene is a fixture with one signed-in account and an expired access token. It does not need a
// script.
type scene struct {
	*stage
	env   []string
	root  string
	known known
	// torn: a process may have been killed during a write, so a temporary file may remain until an
	// erase.
	torn bool
}

// newScene returns a fixture. The keyring may belong to another fixture too; it is nil for the file
// store. If small is set, the home directory is on its own small disk.
func newScene(t *testing.T, store string, keyring *testkeyring.Keyring, small bool) *scene {
	t.Helper()
	return raiseScene(t, &stage{t: t, profile: refresh.ProfileOpenAI, store: store, keyring: keyring}, small)
}

// newSceneOf returns a fixture with the profile and the file store.
func newSceneOf(t *testing.T, profile string) *scene {
	t.Helper()
	return raiseScene(t, &stage{t: t, profile: profile, store: home.StoreFile}, false)
}

func raiseScene(t *testing.T, of *stage, small bool) *scene {
	t.Helper()
	s := &scene{stage: of}
	s.server = s.start()
	e := &testscript.Env{WorkDir: t.TempDir(), Values: map[any]any{}}
	for _, name := range []string{"PATH", "TMPDIR", "GOCOVERDIR"} {
		if v := os.Getenv(name); v != "" {
			e.Setenv(name, v)
		}
	}
	must(t, s.raise(e))
	if small {
		parts.Need(t, "tmpfs", syscall.Mount("tmpfs", s.home, "tmpfs", 0, "size=1m,mode=700"))
		t.Cleanup(func() { must(t, syscall.Unmount(s.home, syscall.MNT_DETACH)) })
	}
	s.env, s.root = e.Vars, e.Getenv("ROOT")
	s.signIn()
	return s
}

// signIn signs in to the account, and replaces an earlier sign-in.
func (s *scene) signIn() {
	s.t.Helper()
	if said := s.cred(s.loginArgs([]string{"work", "--replace"})...); said.code != exit.OK {
		s.t.Fatalf("sign in: %+v", said)
	}
	s.known = known{}
	s.inspect("after the sign-in")
}

// pass advances the clocks of the program and of the server.
func (s *scene) pass(d time.Duration) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	must(s.t, os.WriteFile(s.clockFile, []byte(s.ahead.String()), 0o600))
}

// A said is the result of a run of the program. The code is -1 if a signal killed it.
type said struct {
	code           int
	stdout, stderr string
}

// A run is a running program and its output.
type run struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan struct{} // closed when the program has exited
}

// begin starts the program. It kills the program after patience.
func (s *scene) begin(prepare func(*run), args ...string) *run {
	s.t.Helper()
	path, err := exec.LookPath("codex-cred")
	must(s.t, err)
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	s.t.Cleanup(cancel)
	r := &run{Cmd: exec.CommandContext(ctx, path, args...), ended: make(chan struct{})}
	r.Env = s.env
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	prepare(r)
	must(s.t, r.Start())
	go func() {
		defer close(r.ended)
		_ = r.Wait() // the exit code reports the error
	}()
	return r
}

// end waits for the program and returns its result.
func (r *run) end() said {
	<-r.ended
	return said{r.ProcessState.ExitCode(), r.stdout.String(), r.stderr.String()}
}

// cred runs the program.
func (s *scene) cred(args ...string) said {
	s.t.Helper()
	return s.begin(func(*run) {}, args...).end()
}

// refreshes returns the number of refreshes that the server has received.
func (s *scene) refreshes() int { return s.server.Count(authserver.GrantRefresh) }

func (s *scene) ballast() string { return filepath.Join(s.home, "ballast") }

// fill fills the small disk of the fixture.
func (s *scene) fill() {
	s.t.Helper()
	if err := os.WriteFile(s.ballast(), make([]byte, 4<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		s.t.Fatalf("the disk does not run full: %v", err)
	}
}

// makeRoom undoes fill.
func (s *scene) makeRoom() {
	s.t.Helper()
	if err := os.Remove(s.ballast()); !errors.Is(err, os.ErrNotExist) {
		must(s.t, err)
	}
}
