package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestProcesses inspects a get and its worker from outside while the issuer delays its answer. No
// command line contains a secret, nor does the worker's environment, even if the caller's does; and
// their files are readable only by their owner.
func TestProcesses(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		parts.Need(t, "root", fmt.Errorf("only root may read the environment of a process that is not dumpable"))
	}
	s := newScene(t, home.StoreFile, nil, false)
	said := s.cred("get", "work")
	token := strings.TrimSpace(said.stdout)
	s.pass(2 * time.Hour)
	must(t, s.server.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh, Delay: patience}))
	before := s.refreshes()
	get := s.begin(func(r *run) {
		r.Env = append(r.Env[:len(r.Env):len(r.Env)], "CODEX_CRED_TOKEN="+token, "OPENAI_API_KEY="+token)
	}, "get", "work")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	must(t, s.server.Wait(ctx, authserver.GrantRefresh, before+1))
	worker := s.workerID()
	for name, pid := range map[string]int{"get": get.Process.Pid, "worker": worker} {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		for _, file := range []string{"cmdline", "environ"} {
			content, err := os.ReadFile(filepath.Join(dir, file))
			must(t, err)
			if len(content) == 0 {
				t.Errorf("%s of %s is empty", file, name)
			}
			leaks := leakscan.Scan(s.secrets(), file+" of "+name, content)
			if caller := name == "get" && file == "environ"; caller != (len(leaks) > 0) { // the test put it there
				t.Errorf("%s of %s: leaks %q", file, name, leaks)
			}
		}
		status, err := os.ReadFile(filepath.Join(dir, "status"))
		must(t, err)
		if !strings.Contains(string(status), "\nUmask:\t0077\n") {
			t.Errorf("the umask of %s is not 0077:\n%s", name, status)
		}
	}
	s.server.Release()
	if said := get.end(); said.code != exit.OK {
		t.Errorf("get: %+v", said)
	}
}

// workerID returns the process that refreshes for this fixture.
func (s *scene) workerID() int {
	s.t.Helper()
	directories, err := filepath.Glob("/proc/[0-9]*")
	must(s.t, err)
	for _, dir := range directories {
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		environ, _ := os.ReadFile(filepath.Join(dir, "environ"))
		if strings.Contains(string(command), "\x00"+worker.Command+"\x00") && strings.Contains("\x00"+string(environ), "\x00HOME="+s.home+"\x00") {
			pid, err := strconv.Atoi(filepath.Base(dir))
			must(s.t, err)
			return pid
		}
	}
	s.t.Fatal("there is no worker")
	return 0
}
