package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// A death kills a worker at its first system call of a kind after a step.
type death struct {
	step, call string
	fate
}

func deaths() []death {
	done := fate{sent: 1}
	return []death{
		{"preflight", "pwrite64", done},
		{"preflight", "fdatasync", done},
		{"preflight", "fsync", done},
		{"mark", "pwrite64", done},
		{"mark", "fsync", done},
		{"sending", "pwrite64", done},
		{"sending", "fsync", fate{code: exit.Temporary, unsure: true}},
		{"answer-before", "pwrite64", fate{code: exit.Temporary, sent: 1, unsure: true, lost: true}},
		{"answer-before", "fdatasync", done},
		{"put-before", "fchmod", done},
		{"put-before", "fsync", done},
		{"put-before", "renameat", done},
		{"account", "flock", done},
		{"account", "fchmod", done},
		{"account", "fsync", done},
		{"account", "renameat", done},
		{"empty", "unlinkat", done},
		{"empty", "fsync", done},
	}
}

// TestDeathsWithinSteps kills workers between the failpoints, with both stores.
func TestDeathsWithinSteps(t *testing.T) {
	parts.NeedSlow(t)
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	if os.Geteuid() != 0 {
		err = errors.New("only root may attach strace to a worker")
	}
	parts.Need(t, "root", err)
	for _, store := range []string{home.StoreFile, home.StoreKeychain} {
		t.Run(store, func(t *testing.T) {
			var keyring *testkeyring.Keyring
			if store == home.StoreKeychain {
				keyring = testkeyring.Start(t)
			}
			t.Run("step", func(t *testing.T) {
				for _, d := range deaths() {
					t.Run(d.step+"-"+d.call, func(t *testing.T) {
						t.Parallel()
						s := newScene(t, store, keyring, false)
						s.torn = true
						killed := func() bool { return false }
						s.suffer(d.step, d.fate, func(_ *run, at stop, hit int) {
							if hit == 1 {
								killed = s.killAt(at.worker, d.call)
							}
							at.answer(goOn)
						})
						if !killed() {
							t.Error("nobody was killed")
						}
					})
				}
			})
		})
	}
}

// killAt makes strace kill the process, which waits at a step, at the system call. The returned
// function waits for its exit and reports whether it was killed.
func (s *scene) killAt(pid int, call string) (killed func() bool) {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "trace")
	cmd := exec.CommandContext(s.t.Context(), "strace", "-f", "-o", log, "-e", "trace="+call, "-e", "inject="+call+":signal=SIGKILL", "-p", strconv.Itoa(pid))
	stderr, err := cmd.StderrPipe()
	must(s.t, err)
	must(s.t, cmd.Start())
	lines := bufio.NewReader(stderr)
	if line, err := lines.ReadString('\n'); err != nil || !strings.Contains(line, " attached") {
		s.t.Fatalf("strace does not attach: %q, %v", line, err)
	}
	return func() bool {
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait() // strace exits as the process did
		trace, err := os.ReadFile(log)
		must(s.t, err)
		return strings.Contains(string(trace), "+++ killed by SIGKILL +++")
	}
}
