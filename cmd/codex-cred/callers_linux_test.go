package main

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// An end is a way for a caller to exit while the server delays its answer.
type end struct {
	name   string
	signal syscall.Signal // 0: the reader of its output closes the pipe
	group  bool           // signal its process group
	state  string         // of the caller, as [os.ProcessState] prints it
}

func ends() []end {
	const interrupted, killed = "exit status 130", "signal: killed"
	return []end{
		{"INT", unix.SIGINT, false, interrupted},
		{"TERM", unix.SIGTERM, false, interrupted},
		{"HUP", unix.SIGHUP, false, interrupted},
		{"KILL", unix.SIGKILL, false, killed},
		{"TERM of the group", unix.SIGTERM, true, interrupted},
		{"HUP of the group", unix.SIGHUP, true, interrupted},
		{"KILL of the group", unix.SIGKILL, true, killed},
		{"closed pipe", 0, false, "signal: broken pipe"},
	}
}

// TestCallerEnds checks that the worker continues if its caller exits for any reason while the
// server delays the answer, and that the next get has the token without a request.
func TestCallerEnds(t *testing.T) {
	// A child inherits ignored signals, as under nohup or in the background, but no handlers.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP, syscall.SIGINT)
	for _, store := range []string{home.StoreFile, home.StoreKeychain} {
		t.Run(store, func(t *testing.T) {
			var keyring *testkeyring.Keyring
			if store == home.StoreKeychain {
				keyring = testkeyring.Start(t)
			}
			for _, e := range ends() {
				t.Run(strings.ReplaceAll(e.name, " ", "-"), func(t *testing.T) {
					s := newScene(t, store, keyring, false)
					s.pass(2 * time.Hour)
					must(t, s.server.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh, Delay: patience}))
					if got := s.meet(e); got.ProcessState.String() != e.state || got.stdout.Len() > 0 || strings.Count(got.stderr.String(), "\n") > 1 {
						t.Errorf("the caller: %s, stdout %q, stderr %q, want %s and a line at most", got.ProcessState, &got.stdout, &got.stderr, e.state)
					}
					s.wantWhole("")
				})
			}
		})
	}
}

// meet runs a get that exits while the server delays the answer, and waits until its worker exits
// after it.
func (s *scene) meet(e end) *run {
	s.t.Helper()
	stand := newStand(s.t)
	read, write, err := os.Pipe()
	must(s.t, err)
	caller := s.begin(func(r *run) {
		r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		r.Env = append(r.Env[:len(r.Env):len(r.Env)], stepVariable+"="+stand.name)
		if e.signal == 0 {
			r.Stdout = write
		}
	}, "get", "work")
	must(s.t, write.Close())
	first := stand.next(s.t)
	worker := make(chan int)
	whenEnded(s.t, first.worker, worker)
	for at := first; ; at = stand.next(s.t) {
		at.answer(goOn)
		if at.step == "send-before" {
			break
		}
	}
	must(s.t, s.server.Wait(s.t.Context(), authserver.GrantRefresh, 1))
	must(s.t, read.Close())
	target := caller.Process.Pid
	if e.group {
		target = -target
	}
	if e.signal != 0 {
		must(s.t, unix.Kill(target, e.signal))
		<-caller.ended
	}
	s.server.Release()
	for {
		select {
		case at := <-stand.stops:
			at.answer(goOn)
		case <-worker:
			<-caller.ended
			return caller
		}
	}
}
