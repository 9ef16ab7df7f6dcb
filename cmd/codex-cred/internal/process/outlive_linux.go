package process

import (
	"bytes"
	"os"
	"strings"
)

// initialNamespace is where all process namespaces begin: PROC_PID_INIT_INO in the
// kernel's include/linux/proc_ns.h.
const initialNamespace = "pid:[4026531836]"

// systemKeepsWorkers reports whether the kernel and systemd leave a process in
// a session of its own alone. Not those of a container that ends with its first
// process, nor those of a unit, whose control group is killed with it.
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

// keepsGroup reports whether the control group in the table of cgroups(7) is that of
// a person's session: a scope of the user's, or no unit at all. A scope at work in a
// session outlives the program that began it. Lines are
//
//	HIERARCHY:CONTROLLERS:PATH
//
// of which systemd's own hierarchy has no controllers, or name=systemd.
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
