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

// An injection is an error that a system call of the worker returns, in place of
// being made.
type injection struct {
	call string
	err  string
	nth  int // call of that name in a thread
}

func (i injection) String() string {
	return fmt.Sprintf("%s:error=%s:when=%d", i.call, i.err, i.nth)
}

// injectable are the calls that a worker makes in a rotation, and how each may fail.
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

// mayLose reports whether a failure of the call may cost the answer: the request or
// what comes back is cut, and it is not known what the server did.
func (i injection) mayLose() bool { return (i.call == "read" || i.call == "write") && i.err != "EINTR" }

// TestInjectedErrors lets each system call of the worker fail, with every error that
// fits. Nothing is revoked, nothing is presented twice unless the disk says that the
// outcome is unknown, and the next get that needs a token has one.
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

// injections returns what can be injected into a rotation, in an order that is the
// same in each run: one without errors is traced and counted.
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
			if !strings.Contains(line, s.clockFile) { // which is the test's
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

// inject runs a worker with those words for strace, and returns what strace says.
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

// withstands reports whether the error struck, and whether the sign-in outlives it.
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

// recovers runs a get at once, if it is due, and one that needs a token.
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
		s.untilDue() // that get was the first to see that the outcome is unknown
		got = s.cred("get", "work")
	}
	return got
}

// mayBeSpent reports whether the disk says that the refresh token may be spent.
func (s *scene) mayBeSpent() bool {
	s.t.Helper()
	a := s.account()
	e, err := journal.New(s.root).Read(a.ID, nil)
	return a.Unanswered > 0 || err == nil && e.State == journal.StateSending
}
