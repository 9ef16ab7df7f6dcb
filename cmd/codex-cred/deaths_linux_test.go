package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// rotationChanges returns the system calls by which get and its worker change shared state, or
// start a process.
func rotationChanges() []string {
	return []string{"mkdirat", "flock", "fchmod", "write", "pwrite64", "fsync", "fdatasync", "renameat", "unlinkat", "connect", "pipe2", "clone3"}
}

// TestDeaths kills get and its workers at every system call that changes something: at the first
// call of its kind in a thread, the second, and so on until a run is not killed. It does not depend
// on the steps of the rotation.
func TestDeaths(t *testing.T) {
	parts.NeedSlow(t)
	t.Parallel()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	s := newScene(t, home.StoreFile, nil, false)
	s.torn = true
	s.env = append(s.env, "GOMAXPROCS=1") // fewer threads, each with more calls
	deaths, lost := map[string]int{}, 0
	for _, call := range rotationChanges() {
		for n, twice := 1, len(s.presentedTwice()); s.dies(call, n); n, twice = n+1, len(s.presentedTwice()) {
			deaths[call]++
			s.inspect("after a death")
			if !s.outlived(twice) {
				lost++
				s.signIn()
			}
		}
		if deaths[call] == 0 {
			t.Errorf("nobody died at %s", call)
		}
	}
	t.Logf("deaths at each call: %v; %d sign-ins were lost", deaths, lost)
	s.wantErased()
}

// dies refreshes, and reports whether a process was killed at that call.
func (s *scene) dies(call string, n int) bool {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "trace")
	args := []string{"-f", "-q", "-o", log, "-e", "trace=" + call, "-e", "inject=" + call + ":signal=SIGKILL:when=" + strconv.Itoa(n), "codex-cred", "get", "work", "--refresh"}
	cmd := exec.CommandContext(s.t.Context(), "strace", args...)
	cmd.Env = s.env
	out, err := cmd.CombinedOutput()
	trace, readErr := os.ReadFile(log)
	must(s.t, readErr)
	if strings.Contains(string(trace), "+++ killed by SIGKILL +++") {
		return true
	}
	if err != nil {
		s.t.Fatalf("a get that nothing killed: %v\n%s", err, out)
	}
	return false
}

// outlived reports whether the sign-in works after a kill. It may be lost only if the state on disk
// shows a request without an answer.
func (s *scene) outlived(twice int) bool {
	s.t.Helper()
	unknown := s.unknown()
	clean := s.cred("refresh", "work")
	if unknown && clean.code == exit.Person { // the refresh token may be used
		clean = s.cred("refresh", "work", "--force")
	}
	s.inspect("after a clean refresh")
	again := len(s.presentedTwice()) - twice
	if clean.code == exit.SignIn && unknown && again == 1 {
		return false
	}
	if clean.code != exit.OK || again > 0 {
		s.t.Fatalf("a clean refresh: %+v; the outcome was unknown: %t; presented again: %d", clean, unknown, again)
	}
	got := s.cred("get", "work")
	if got.code != exit.OK || got.stderr != "" {
		s.t.Errorf("a clean get: %+v", got)
	}
	s.wantPrinted(got, "")
	return true
}

// unknown reports whether the state on disk shows that the refresh token may be used and that its
// successor is lost.
func (s *scene) unknown() bool {
	s.t.Helper()
	a := s.account()
	key, _, err := fallbackfile.New(s.root).Get(s.t.Context(), a.ID.Journal())
	if errors.Is(err, helper.ErrNotFound) {
		return false
	}
	must(s.t, err)
	e, err := journal.New(s.root).Read(a.ID, key)
	if !errors.Is(err, helper.ErrNotFound) {
		must(s.t, err)
	}
	return a.Unanswered > 0 || e.State == journal.StateSending && e.Answer == nil
}

// wantErased checks that erase removes everything that killed processes left behind.
func (s *scene) wantErased() {
	s.t.Helper()
	if erase := s.cred("erase", "--all", "--yes"); erase.code != exit.OK {
		s.t.Errorf("erase: %+v", erase)
	}
	must(s.t, filepath.WalkDir(s.root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			s.t.Errorf("an erase leaves %s", path)
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}))
}
