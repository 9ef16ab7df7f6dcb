package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// An injection is an error that a system call of the worker returns instead of running.
type injection struct {
	call string
	err  string
	nth  int // number of the call in its thread
}

// String returns the injection as an option of strace.
func (i injection) String() string {
	return fmt.Sprintf("%s:error=%s:when=%d", i.call, i.err, i.nth)
}

// injectable returns the system calls of a worker in a rotation, and their possible errors.
func injectable() map[string][]string {
	disk := []string{"EIO", "ENOSPC", "EINTR"}
	path := []string{"EIO", "EACCES", "ENOENT"}
	return map[string][]string{
		"openat":     {"EIO", "EACCES", "ENOENT", "EMFILE", "EINTR"},
		"newfstatat": path,
		"fstat":      {"EIO"},
		"getdents64": {"EIO", "ENOENT"},
		"read":       {"EIO", "EINTR"},
		"write":      disk,
		"pwrite64":   disk,
		"fsync":      disk,
		"fdatasync":  disk,
		"fchmod":     {"EIO", "EACCES"},
		"mkdirat":    {"EIO", "EACCES", "ENOSPC"},
		"renameat":   {"EIO", "EACCES", "ENOENT", "ENOSPC"},
		"unlinkat":   {"EIO", "EACCES", "ENOENT"},
		"flock":      {"EIO", "ENOLCK", "EINTR"},
		"fcntl":      {"EIO"},
		"socket":     {"EMFILE", "EACCES"},
		"connect":    {"ECONNREFUSED", "EACCES", "EINTR"},
	}
}

// mayLose reports whether a failure of the call may lose the answer: the request or the response is
// cut, and the outcome at the server is unknown.
func (i injection) mayLose() bool { return (i.call == "read" || i.call == "write") && i.err != "EINTR" }

// TestInjectedErrors makes each system call of the worker fail with every possible error. No token
// is revoked, no token is presented twice unless the state on disk shows an unknown outcome, and
// the next get that needs a token has one.
func TestInjectedErrors(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	onBothStores(t, func(t *testing.T, store string, keyring *testkeyring.Keyring) {
		for _, token := range []string{validToken, expiredToken} {
			t.Run(token, func(t *testing.T) {
				t.Parallel()
				s := newScene(t, store, keyring, false)
				s.torn = true
				s.env = append(s.env, "GOMAXPROCS=1") // fewer threads, each with more calls
				all := s.injections(token)
				suffered, struck, lost := 0, 0, 0
				for i, each := range all {
					if !sampled(i, 37, 11) {
						continue
					}
					suffered++
					hit, alive := s.withstands(each, token)
					if hit {
						struck++
					}
					if !alive {
						lost++
						s.signIn()
					}
				}
				s.wantNoRevocation()
				t.Logf("%d of %d errors, of which %d struck; %d sign-ins were lost", suffered, len(all), struck, lost)
				if 2*struck < suffered {
					t.Error("most errors did not strike: another rotation makes other calls")
				}
			})
		}
	})
}

// injections returns what can be injected into a rotation, in a fixed order. It traces a run
// without errors and counts the calls.
func (s *scene) injections(token string) []injection {
	s.t.Helper()
	calls := injectable()
	names := make([]string, 0, len(calls))
	for name := range calls {
		names = append(names, name)
	}
	slices.Sort(names)
	trace := s.inject(token, "trace="+strings.Join(names, ","))
	s.recovers(token)
	most := map[string]int{}
	for _, thread := range callsOf(trace) {
		counts := map[string]int{}
		for _, line := range thread {
			name, _, _ := strings.Cut(line, "(")
			counts[name]++
			if !strings.Contains(line, s.clockFile) { // the test's own file
				most[name] = max(most[name], counts[name])
			}
		}
	}
	var all []injection
	for _, name := range names {
		for n := 1; n <= most[name]; n++ {
			for _, err := range calls[name] {
				all = append(all, injection{call: name, err: err, nth: n})
			}
		}
	}
	return all
}

// inject runs a worker with these options of strace, and returns the output of strace.
func (s *scene) inject(token string, words ...string) string {
	s.t.Helper()
	mode := worker.Background
	if token == expiredToken {
		s.pass(2 * time.Hour)
		mode = worker.Foreground
	}
	log := filepath.Join(s.t.TempDir(), "trace")
	args := make([]string, 0, 15+2*len(words))
	args = append(args, "-f", "-y", "-qq", "-s", "200", "-o", log, "-e", "signal=none")
	for _, word := range words {
		args = append(args, "-e", word)
	}
	generation := strconv.FormatUint(s.account().Generation, 10)
	args = append(args, "codex-cred", worker.Command, "work", generation, string(helper.ReasonExpiry), mode)
	cmd := exec.CommandContext(s.t.Context(), "strace", args...)
	var output bytes.Buffer
	cmd.Env, cmd.Stderr = s.env, &output
	err := cmd.Run() // an exit code is no failure
	trace, readErr := os.ReadFile(log)
	must(s.t, readErr)
	if text := output.String(); strings.Contains(text, "strace: ") || strings.Contains(text, "panic: ") {
		s.t.Fatalf("the worker below strace: %v\n%s", err, text)
	}
	return string(trace)
}

// withstands reports whether the error occurred, and whether the sign-in still works.
func (s *scene) withstands(i injection, token string) (struck, alive bool) {
	s.t.Helper()
	twice, sent := len(s.presentedTwice()), s.refreshes()
	struck = strings.Contains(s.inject(token, "trace="+i.call, "inject="+i.String()), "(INJECTED)")
	s.inspect("after " + i.String())
	unknown := s.mayBeSpent()
	got := s.recovers(token)
	again := len(s.presentedTwice()) - twice
	switch {
	case got.code == exit.SignIn && unknown && again == 1 && i.mayLose():
		return struck, false
	case got.code != exit.OK:
		s.t.Fatalf("%s: the next get that needs a token: %+v; the outcome was unknown: %t%s", i, got, unknown, s.story())
	case again > 0 && !unknown:
		s.t.Errorf("%s: presented again: %d%s", i, again, s.story())
	case s.refreshes() == sent:
		s.t.Errorf("%s: nobody has refreshed", i)
	}
	s.wantPrinted(got, "")
	return struck, true
}

// recovers runs a get at once, if a refresh is due, and a get that needs a token.
func (s *scene) recovers(token string) said {
	s.t.Helper()
	if token == validToken {
		s.untilDue()
		if first := s.cred("get", "work"); first.code != exit.OK {
			s.t.Errorf("a get of a token that was valid all the time: %+v", first)
		} else {
			s.wantPrinted(first, "")
		}
		s.pass(2 * time.Hour)
	}
	s.untilDue()
	got := s.cred("get", "work")
	if got.code == exit.Temporary && s.mayBeSpent() {
		s.wantPrinted(got, "")
		s.untilDue() // that get was the first to see the unknown outcome
		got = s.cred("get", "work")
	}
	return got
}

// mayBeSpent reports whether the state on disk shows that the refresh token may be used.
func (s *scene) mayBeSpent() bool {
	s.t.Helper()
	a := s.account()
	e, err := journal.New(s.root).Read(a.ID, nil)
	return a.Unanswered > 0 || err == nil && e.State == journal.StateSending
}
