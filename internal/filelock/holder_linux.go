package filelock

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// holderOf looks for the file in the kernel's table of locks.
func holderOf(path string) Holder {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return Holder{}
	}
	table, err := os.ReadFile("/proc/locks")
	if err != nil {
		return Holder{}
	}
	return process(holderIn(string(table), fmt.Sprintf(":%d", st.Ino)))
}

// holderIn returns the process that holds the lock of the inode, or 0. See
// proc_locks(5):
//
//	1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
//	1: -> FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
//
// The second waits. The device is not compared: some file systems have another one
// there than for stat.
func holderIn(table, inode string) int {
	const kind, mode, pid, file, columns = 1, 3, 4, 5, 8
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) != columns || f[kind] != "FLOCK" || f[mode] != "WRITE" || !strings.HasSuffix(f[file], inode) {
			continue
		}
		if n, err := strconv.Atoi(f[pid]); err == nil && n > 0 { // 0 is in another container
			return n
		}
	}
	return 0
}

// process tells what /proc tells of the process, see proc_pid_stat(5):
//
//	PID (NAME) STATE ...
func process(pid int) Holder {
	h := Holder{PID: pid}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	end := bytes.LastIndexByte(stat, ')')
	if err != nil || end < 0 {
		return h
	}
	_, name, _ := bytes.Cut(stat[:end], []byte("("))
	h.Name = string(name)
	state := strings.Fields(string(stat[end+1:]))
	h.Stopped = len(state) > 0 && strings.EqualFold(state[0], "T")
	return h
}
