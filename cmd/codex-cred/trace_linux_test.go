package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// traced runs the program under strace, with all that it starts, and returns the
// system calls of each process: those of its threads are one process's if they
// began in this order.
func (s *scene) traced(calls string, args ...string) map[string][]string {
	s.t.Helper()
	trace, _ := s.tracedRun(calls, func(*run) {}, args...)
	return trace
}

// tracedRun also returns what the program came to.
func (s *scene) tracedRun(calls string, prepare func(*run), args ...string) (map[string][]string, said) {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "trace")
	strace, err := exec.LookPath("strace")
	must(s.t, err)
	said := s.begin(func(r *run) {
		program := r.Path
		r.Path = strace
		r.Args = append([]string{"strace", "-f", "-qq", "-s", "4096", "-o", log, "-e", "signal=none", "-e", "trace=" + calls, program}, args...)
		prepare(r)
	}, args...).end()
	content, err := os.ReadFile(log)
	must(s.t, err)
	return callsOf(string(content)), said
}

// callsOf puts together what strace tells of one thread: a call that another
// interrupted is told in two lines.
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
