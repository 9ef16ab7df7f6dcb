package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/helper"
)

// A stop is a worker that waits at a failpoint.
type stop struct {
	step   string
	worker int
	conn   *net.UnixConn
}

// answer makes the worker continue or fail.
func (s stop) answer(how string) {
	_, _ = s.conn.Write([]byte(how)) // the worker may be dead
	_ = s.conn.Close()
}

// A stand is a server of failpoints. Workers connect to its abstract socket at each step and wait
// for an answer.
type stand struct {
	name  string
	stops chan stop
}

func newStand(t *testing.T) *stand {
	t.Helper()
	id, err := helper.NewID(rand.Reader)
	must(t, err)
	s := &stand{name: "@codex-cred-" + string(id), stops: make(chan stop)}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.name, Net: "unix"})
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			if line, err := bufio.NewReader(c).ReadString('\n'); err == nil {
				s.stops <- stop{strings.TrimSpace(line), peer(t, c), c}
			}
		}
	}()
	return s
}

// next returns the next worker that waits at a failpoint.
func (s *stand) next(t *testing.T) stop {
	t.Helper()
	select {
	case at := <-s.stops:
		return at
	case <-time.After(patience):
		t.Fatal("no worker comes")
	}
	return stop{}
}

// peer returns the process at the other end.
func peer(t *testing.T, c *net.UnixConn) int {
	raw, err := c.SyscallConn()
	if err != nil {
		t.Error(err)
		return 0
	}
	pid := 0
	_ = raw.Control(func(fd uintptr) {
		who, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
		if err != nil {
			t.Error(err)
			return
		}
		pid = int(who.Pid)
	})
	return pid
}

// whenEnded sends the pid when the process has exited. The process is stopped at this moment, and
// is not a child of the test.
func whenEnded(t *testing.T, pid int, ended chan<- int) {
	t.Helper()
	fd, err := unix.PidfdOpen(pid, 0)
	must(t, err)
	go func() {
		defer func() { _ = unix.Close(fd) }()
		for {
			_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1)
			if !errors.Is(err, unix.EINTR) {
				ended <- pid
				return
			}
		}
	}()
}

// A walk is the result of a run of the program with failpoints.
type walk struct {
	said
	steps []string // in the order in which workers reached them
	hits  int      // of the step with the fault
}

// walk runs the program until it and its workers have exited. Each time a worker reaches the step,
// walk calls strike, which answers the worker. hit counts from 1.
func (s *scene) walk(step string, strike func(caller *run, at stop, hit int), args ...string) walk {
	s.t.Helper()
	stand := newStand(s.t)
	caller := s.begin(func(r *run) { r.Env = append(r.Env[:len(r.Env):len(r.Env)], stepVariable+"="+stand.name) }, args...)
	var w walk
	over, ended, workers := caller.ended, make(chan int), map[int]bool{}
	for over != nil || len(workers) > 0 {
		select {
		case <-over:
			over = nil
		case pid := <-ended:
			delete(workers, pid)
		case at := <-stand.stops:
			if !workers[at.worker] {
				workers[at.worker] = true
				whenEnded(s.t, at.worker, ended)
			}
			w.steps = append(w.steps, at.step)
			if at.step != step {
				at.answer(goOn)
				continue
			}
			s.inspect("at " + step)
			s.inspectProcess(at.worker)
			w.hits++
			strike(caller, at, w.hits)
		}
	}
	w.said = caller.end()
	s.inspect("after the run that met " + step)
	return w
}
