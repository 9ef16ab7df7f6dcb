package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

// workers waits until that many workers of this environment run. Only root can see them; other
// users do not wait.
//
//	workers COUNT
func (s *stage) workers(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if left := s.awaitWorkers(want); len(left) != want && (want == 0 || os.Geteuid() == 0) {
		ts.Fatalf("there are %d workers, never %d: %q", len(left), want, left)
	}
}

// awaitWorkers waits until that many workers run, and returns them.
func (s *stage) awaitWorkers(want int) []string {
	giveUp := time.After(patience)
	for {
		running := s.running(worker.Command)
		if len(running) == want || os.Geteuid() != 0 {
			return running
		}
		select {
		case <-giveUp:
			return running
		case <-time.After(time.Millisecond):
		}
	}
}

// running returns the command lines of this environment's processes that contain the word.
func (s *stage) running(word string) []string {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	var found []string
	for _, path := range environs {
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if !bytes.Contains(command, []byte("\x00"+word+"\x00")) {
			continue
		}
		environ, _ := os.ReadFile(path)
		if bytes.Contains(append([]byte{0}, environ...), []byte("\x00HOME="+s.home+"\x00")) {
			found = append(found, string(bytes.ReplaceAll(command, []byte{0}, []byte(" "))))
		}
	}
	return found
}

// holder stops, continues or kills the process that holds a lock of the account. KILL-GROUP kills
// its process group, as a terminal or a time limit does.
//
//	holder gate|work ACCOUNT STOP|CONT|KILL|KILL-GROUP
func (s *stage) holder(ts *testscript.TestScript, args []string) {
	holders, _ := kernelLocks(ts, lockOf(ts, args[0], args[1]))
	if len(holders) != 1 {
		ts.Fatalf("%d processes have the %s lock of %s", len(holders), args[0], args[1])
	}
	signal, group := strings.CutSuffix(args[2], "-GROUP")
	target := holders[0]
	if group {
		target = -target
	}
	ts.Check(unix.Kill(target, unix.SignalNum("SIG"+signal)))
	if args[2] == "STOP" {
		// A script that fails meanwhile must not hang.
		time.AfterFunc(patience, func() { _ = unix.Kill(target, unix.SIGCONT) })
		awaitStopped(ts, holders[0])
	}
}

// awaited waits until a process waits for a lock of the account.
//
//	awaited gate|work ACCOUNT
//	awaited id COPY
func (s *stage) awaited(ts *testscript.TestScript, args []string) {
	path := lockOf(ts, args[0], args[1])
	giveUp := time.After(patience)
	for {
		if _, waiting := kernelLocks(ts, path); len(waiting) > 0 {
			return
		}
		select {
		case <-giveUp:
			ts.Fatalf("nobody ever waited for the %s lock of %s", args[0], args[1])
		case <-time.After(time.Millisecond):
		}
	}
}

func lockOf(ts *testscript.TestScript, kind, account string) string {
	root := ts.Getenv("ROOT")
	if kind == "id" { // the id in a copy of the account's file
		return filelock.New(root).Path(idIn(ts, account))
	}
	a, err := accountdir.New(root, time.Now).Load(account)
	ts.Check(err)
	name := map[string]string{"gate": refresh.GateName(a.ID), "work": string(a.ID)}[kind]
	return filelock.New(root).Path(name)
}

// kernelLocks returns the processes that hold the lock exclusively, and those that wait for it
// (proc_locks(5)).
func kernelLocks(ts *testscript.TestScript, path string) (holders, waiting []int) {
	info, err := os.Stat(path)
	ts.Check(err)
	inode := fmt.Sprintf(":%d", info.Sys().(*syscall.Stat_t).Ino)
	table, err := os.ReadFile("/proc/locks")
	ts.Check(err)
	for line := range strings.Lines(string(table)) {
		// 1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
		// 1: -> FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
		f := strings.Fields(line)
		waits := len(f) > 6 && f[1] == "->"
		if waits {
			f = f[1:]
		}
		if len(f) < 6 || f[1] != "FLOCK" || !strings.HasSuffix(f[5], inode) {
			continue
		}
		pid, err := strconv.Atoi(f[4])
		ts.Check(err)
		switch {
		case waits:
			waiting = append(waiting, pid)
		case f[3] == "WRITE":
			holders = append(holders, pid)
		}
	}
	return holders, waiting
}

// awaitStopped returns when the process is stopped: a signal takes effect some time after it is
// sent.
func awaitStopped(ts *testscript.TestScript, pid int) {
	giveUp := time.After(patience)
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		ts.Check(err)
		if fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); fields[0] == "T" {
			return
		}
		select {
		case <-giveUp:
			ts.Fatalf("process %d never stopped", pid)
		case <-time.After(time.Millisecond):
		}
	}
}

// readOnly makes the directory read-only, even for root.
//
//	read-only DIRECTORY
func (s *stage) readOnly(ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(unix.Mount(dir, dir, "", unix.MS_BIND, ""))
	s.t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	ts.Check(unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
}

// writable undoes read-only.
//
//	writable DIRECTORY
func (s *stage) writable(ts *testscript.TestScript, args []string) {
	ts.Check(unix.Unmount(ts.MkAbs(args[0]), unix.MNT_DETACH))
}
