package process

import (
	"bytes"
	"os"
	"strings"
)

// initialNamespace is the first process namespace: PROC_PID_INIT_INO in the
// kernel's include/linux/proc_ns.h.
const initialNamespace = "pid:[4026531836]"

// systemKeepsWorkers reports whether the kernel and systemd leave a process in
// its own session running. They do not in a container, which ends with its
// first process, nor in a unit, whose control group is killed with it.
func systemKeepsWorkers() bool {
	for _, mark := range []string{"/.dockerenv", "/run/.containerenv"} {
		if _, err := os.Lstat(mark); err == nil {
			return false
		}
	}
	if namespace, err := os.Readlink("/proc/self/ns/pid"); err != nil || namespace != initialNamespace {
		first, err := os.ReadFile("/proc/1/comm")
		if err != nil || string(bytes.TrimSpace(first)) != "systemd" {
			return false
		}
	}
	table, err := os.ReadFile("/proc/self/cgroup")
	return err == nil && keepsGroup(string(table))
}

// keepsGroup reports whether the control group in the table of cgroups(7) is
// that of a user's session: a scope of the user's, or no unit at all. A scope
// in a session outlives the program that started it. The lines are
//
//	HIERARCHY:CONTROLLERS:PATH
//
// The hierarchy of systemd has no controllers, or name=systemd.
func keepsGroup(table string) bool {
	for line := range strings.Lines(table) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) != 3 || fields[1] != "" && fields[1] != "name=systemd" || fields[2] == "/" {
			continue
		}
		unit := ""
		for part := range strings.SplitSeq(fields[2], "/") {
			if strings.HasSuffix(part, ".scope") || strings.HasSuffix(part, ".service") {
				unit = part
			}
		}
		if !strings.HasPrefix(fields[2], "/user.slice/") || !strings.HasSuffix(unit, ".scope") {
			return false
		}
	}
	return true
}
