package main

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// changes returns the system calls by which a process changes shared state: files, locks, and
// messages on the bus.
func changes() []string {
	return []string{"mkdirat", "openat", "flock", "fchmod", "write", "fsync", "renameat", "unlinkat", "sendmsg"}
}

// slain runs codex-cred repeatedly and kills it with SIGKILL at every system call that changes
// something: at the first call of its kind, the second, and so on until a run is not killed. After
// each kill, the account must return the token of the last get, the same command must succeed, and
// the account must return the token again. Then the command after "--" undoes the change.
//
//	slain ACCOUNT... COMMAND... -- COMMAND...
//
// The accounts are the names that the account may have after a kill, separated by commas. The last
// is its final name.
func (s *stage) slain(ts *testscript.TestScript, args []string) {
	if _, err := exec.LookPath("strace"); err != nil && !parts.Required("strace") {
		ts.Logf("nobody dies: %v", err) // if strace is required, the first run fails
		return
	}
	names := strings.Split(args[0], ",")
	words := strings.Split(strings.Join(args[1:], " "), " -- ")
	command, back := strings.Fields(words[0]), strings.Fields(words[1])
	deaths := 0
	for _, call := range changes() {
		for n := 1; s.dies(ts, call, n, command); n++ {
			deaths++
			s.wantLast(ts, names, command)
			s.runs(ts, command)
			s.wantLast(ts, names[len(names)-1:], command)
			s.runs(ts, back)
		}
		s.runs(ts, back)
	}
	ts.Logf("died %d deaths", deaths)
	if deaths < 20 {
		ts.Fatalf("only %d deaths were died", deaths)
	}
}

// unfinished kills an erase of everything at each of its system calls, one after another. A second
// erase must then remove everything, and touch no other file. The script creates what to erase.
//
//	unfinished SCRIPT
func (s *stage) unfinished(ts *testscript.TestScript, args []string) {
	if _, err := exec.LookPath("strace"); err != nil && !parts.Required("strace") {
		ts.Logf("nobody dies: %v", err)
		return
	}
	erase := []string{"erase", "--all", "--yes"}
	deaths := 0
	for _, call := range changes() {
		for n, alive := 1, false; !alive; n++ {
			ts.Check(ts.Exec("sh", ts.MkAbs(args[0])))
			if alive = !s.dies(ts, call, n, erase); !alive {
				deaths++
				s.runs(ts, erase)
			}
			s.erased(ts, nil)
		}
	}
	ts.Logf("died %d deaths", deaths)
	if deaths < 20 {
		ts.Fatalf("only %d deaths were died", deaths)
	}
}

// dies reports whether the command was killed at that call.
func (s *stage) dies(ts *testscript.TestScript, call string, n int, command []string) bool {
	args := append([]string{"-f", "-qqq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "inject=" + call + ":signal=SIGKILL:when=" + strconv.Itoa(n), "codex-cred"}, command...)
	cmd := exec.CommandContext(s.t.Context(), "strace", args...)
	cmd.Env = environment(ts)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return false
	}
	if failed := (*exec.ExitError)(nil); !errors.As(err, &failed) || failed.ExitCode() != -1 && failed.ExitCode() != 128+9 {
		ts.Fatalf("codex-cred %s, to be killed at %s %d: %v\n%s", strings.Join(command, " "), call, n, err, out)
	}
	return true
}

// runs checks that the command succeeds or has nothing to do.
func (s *stage) runs(ts *testscript.TestScript, command []string) {
	cmd := exec.CommandContext(s.t.Context(), "codex-cred", command...)
	cmd.Env = environment(ts)
	out, err := cmd.CombinedOutput()
	failed := (*exec.ExitError)(nil)
	if err != nil && (!errors.As(err, &failed) || failed.ExitCode() != exit.NotFound) {
		ts.Fatalf("codex-cred %s after a death: %v\n%s", strings.Join(command, " "), err, out)
	}
}

// wantLast checks that at least one of the names returns the token of the last get, and that none
// returns another token.
func (s *stage) wantLast(ts *testscript.TestScript, names, command []string) {
	answers := 0
	for _, name := range names {
		token, err := quiet(ts, []string{"get", name})
		switch {
		case err == nil && token != s.lastGet:
			ts.Fatalf("the account %s answers with another token after a death in %s", name, strings.Join(command, " "))
		case err == nil:
			answers++
		}
	}
	if answers == 0 {
		ts.Fatalf("no account of %q answers after a death in %s", names, strings.Join(command, " "))
	}
}
