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

// A scene is a stage without a script, on which one account is signed in and its
// access token has expired.
type scene struct {
	*stage
	env   []string
	root  string
	known known
	// torn: a process may have been killed in the middle of a write, of which
	// there may be a temporary file until an erase.
	torn bool
}

// newScene makes a scene. The keyring may be another scene's as well, and is nil
// with the file store. The home lies on a small disk of its own if small.
func newScene(t *testing.T, store string, keyring *testkeyring.Keyring, small bool) *scene {
	t.Helper()
	return raiseScene(t, &stage{t: t, profile: refresh.ProfileOpenAI, store: store, keyring: keyring}, small)
}

// newSceneOf makes a scene of the profile, with the file store.
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

// signIn signs the account in, also anew.
func (s *scene) signIn() {
	s.t.Helper()
	if said := s.cred(s.loginArgs([]string{"work", "--replace"})...); said.code != exit.OK {
		s.t.Fatalf("sign in: %+v", said)
	}
	s.known = known{}
	s.inspect("after the sign-in")
}

// pass moves the clocks of the program and of the server.
func (s *scene) pass(d time.Duration) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	must(s.t, os.WriteFile(s.clockFile, []byte(s.ahead.String()), 0o600))
}

// A said is what a run of the program came to. The code is -1 if a signal
// ended it.
type said struct {
	code           int
	stdout, stderr string
}

// A run is a run of the program.
type run struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan struct{} // closed at its end
}

// begin starts the program, which is killed when the test has lost patience.
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
		_ = r.Wait() // the code tells
	}()
	return r
}

// end waits for the end.
func (r *run) end() said {
	<-r.ended
	return said{r.ProcessState.ExitCode(), r.stdout.String(), r.stderr.String()}
}

// cred runs the program.
func (s *scene) cred(args ...string) said {
	s.t.Helper()
	return s.begin(func(*run) {}, args...).end()
}

// refreshes returns the number of refreshes that the server has seen.
func (s *scene) refreshes() int { return s.server.Count(authserver.GrantRefresh) }

func (s *scene) ballast() string { return filepath.Join(s.home, "ballast") }

// fill leaves no byte on the scene's small disk.
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
