package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// traced runs the program and its children under strace, and returns the system calls of each
// thread in order.
func (s *scene) traced(calls string, args ...string) map[string][]string {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "trace")
	s.begin(func(r *run) { underStrace(s.t, r, calls, log) }, args...).end()
	return readTrace(s.t, log)
}

// underStrace changes a run that has not started so that it is traced.
func underStrace(t *testing.T, r *run, calls, log string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	must(t, err)
	r.Args = append([]string{"strace", "-f", "-qq", "-v", "-s", "65536", "-o", log, "-e", "signal=none", "-e", "trace=" + calls, r.Path}, r.Args[1:]...)
	r.Path = strace
}

func readTrace(t *testing.T, log string) map[string][]string {
	t.Helper()
	content, err := os.ReadFile(log)
	must(t, err)
	return callsOf(string(content))
}

// callsOf joins the lines of one thread's trace: strace prints an interrupted call on two lines.
func callsOf(log string) map[string][]string {
	calls, begun := map[string][]string{}, map[string]string{}
	for line := range strings.Lines(log) {
		pid, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if before, ok := strings.CutSuffix(call, "<unfinished ...>"); ok {
			begun[pid] = before
			continue
		}
		if strings.HasPrefix(call, "<... ") {
			_, rest, _ := strings.Cut(call, "resumed>")
			call = begun[pid] + rest
		}
		calls[pid] = append(calls[pid], call)
	}
	return calls
}
