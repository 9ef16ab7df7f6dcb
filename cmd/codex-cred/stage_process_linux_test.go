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

	"github.com/codex-cred/codex-cred/internal/accountdir"
	"github.com/codex-cred/codex-cred/internal/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

// workers waits until that many workers of this stage run. Only root sees them:
// for others there are none.
//
//	workers COUNT
func (s *stage) workers(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	giveUp := time.After(patience)
	for running := s.running(workerCommand); len(running) != want; running = s.running(workerCommand) {
		if os.Geteuid() != 0 && want > 0 {
			return
		}
		select {
		case <-giveUp:
			ts.Fatalf("there are %d workers, never %d: %q", len(running), want, running)
		case <-time.After(time.Millisecond):
		}
	}
}

// running returns the command lines of the stage's processes that have the word.
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

// holder stops, continues or kills the process that has a lock of the account.
//
//	holder gate|work ACCOUNT STOP|CONT|KILL
func (s *stage) holder(ts *testscript.TestScript, args []string) {
	root := ts.Getenv("ROOT")
	a, err := accountdir.New(root, time.Now).Load(args[1])
	ts.Check(err)
	locks := filelock.New(root)
	name := map[string]string{"gate": refresh.GateName(a.ID), "work": string(a.ID)}[args[0]]
	pid := holderOf(ts, locks.Path(name))
	ts.Check(unix.Kill(pid, unix.SignalNum("SIG"+args[2])))
	if args[2] == "STOP" {
		awaitStopped(ts, pid)
	}
}

// holderOf finds the process that has the lock exclusively (proc_locks(5)).
func holderOf(ts *testscript.TestScript, path string) int {
	info, err := os.Stat(path)
	ts.Check(err)
	inode := fmt.Sprintf(":%d", info.Sys().(*syscall.Stat_t).Ino)
	table, err := os.ReadFile("/proc/locks")
	ts.Check(err)
	for line := range strings.Lines(string(table)) {
		// 1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
		if f := strings.Fields(line); len(f) > 5 && f[1] == "FLOCK" && f[3] == "WRITE" && strings.HasSuffix(f[5], inode) {
			pid, err := strconv.Atoi(f[4])
			ts.Check(err)
			return pid
		}
	}
	ts.Fatalf("nobody has the lock %s:\n%s", path, table)
	return 0
}

// awaitStopped returns when the process does nothing any more: a signal takes
// effect some time after it was sent.
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

// readOnly lets nobody write below the directory: not even root.
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
