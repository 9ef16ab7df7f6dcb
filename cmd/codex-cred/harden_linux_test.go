package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestNotDumpable checks that every process of this program, workers too, forbids core dumps and
// debuggers, and never allows them again.
func TestNotDumpable(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	s := newScene(t, home.StoreFile, nil, false)
	for _, c := range []struct {
		args []string
		want int // processes
	}{{[]string{"get", "work", "--refresh"}, 2}, {[]string{"exec", "work", "--", "true"}, 1}, {[]string{"version"}, 1}} {
		forbidden := 0
		for _, calls := range s.traced("prctl", c.args...) {
			for _, call := range calls {
				switch {
				case strings.HasPrefix(call, "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE"):
					forbidden++
				case strings.HasPrefix(call, "prctl(PR_SET_DUMPABLE, "):
					t.Errorf("%q: %s", c.args, call)
				}
			}
		}
		if forbidden != c.want {
			t.Errorf("%q: %d processes were hardened, want %d", c.args, forbidden, c.want)
		}
	}
}
