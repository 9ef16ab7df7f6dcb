package filelock

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// findHolder finds the holder in the kernel's table of locks.
func findHolder(path string) Holder {
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		return Holder{}
	}
	table, err := os.ReadFile("/proc/locks")
	if err != nil {
		return Holder{}
	}
	device := fmt.Sprintf("%02x:%02x", unix.Major(st.Dev), unix.Minor(st.Dev))
	return readProcess(parseHolder(string(table), device, fmt.Sprintf(":%d", st.Ino)))
}

// parseHolder returns the process that holds the lock of the inode, or 0. See proc_locks(5):
//
//	1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
//	1: -> FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE 0 EOF
//
// The second process waits. On some file systems the device in the table differs from that of stat:
// then parseHolder accepts the inode if only one lock has it.
func parseHolder(table, device, inode string) int {
	const kind, mode, pid, file, columns = 1, 3, 4, 5, 8
	var others []int
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) != columns || f[kind] != "FLOCK" || f[mode] != "WRITE" || !strings.HasSuffix(f[file], inode) {
			continue
		}
		n, err := strconv.Atoi(f[pid])
		if err != nil || n <= 0 { // 0: in another container
			n = 0
		}
		if f[file] == device+inode {
			return n
		}
		others = append(others, n)
	}
	if len(others) == 1 {
		return others[0]
	}
	return 0
}

// readProcess returns what /proc reports of the process, see proc_pid_stat(5):
//
//	PID (NAME) STATE ...
func readProcess(pid int) Holder {
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
