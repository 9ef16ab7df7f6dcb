//go:build unix

package safefile

import (
	"bytes"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

func readDirectory(path string) (directory, error) {
	var st syscall.Stat_t
	if err := retry(func() error { return syscall.Lstat(path, &st) }); err != nil {
		return directory{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	d := directory{mode: nodeOf(&st).mode, uid: int(st.Uid)}
	if st.Mode&syscall.S_ISVTX != 0 {
		d.mode |= fs.ModeSticky
	}
	if d.mode.Type() == fs.ModeSymlink {
		link, err := os.Readlink(path)
		d.link = link
		return d, err
	}
	if d.mode&0o020 != 0 {
		users, _ := os.ReadFile("/etc/passwd") // without them the group counts as shared
		groups, _ := os.ReadFile("/etc/group")
		d.exclusive = privateGroup(users, groups, euid(), int(st.Gid)) && !hasAccessList(path)
	}
	return d, nil
}

// privateGroup reports whether the user is the only member of the group, as on systems that give
// every user a group of the same name. users and groups are in the format of passwd(5) and
// group(5); a group that is not listed has other members.
func privateGroup(users, groups []byte, uid, gid int) bool {
	name, alone := "", true
	for line := range bytes.Lines(users) {
		fields := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(fields) < 4 {
			continue
		}
		switch {
		case fields[2] == strconv.Itoa(uid):
			name = fields[0]
		case fields[3] == strconv.Itoa(gid):
			alone = false
		}
	}
	for line := range bytes.Lines(groups) {
		fields := strings.Split(strings.TrimSpace(string(line)), ":")
		if len(fields) < 4 || fields[2] != strconv.Itoa(gid) {
			continue
		}
		return alone && name != "" && (fields[3] == "" || fields[3] == name)
	}
	return false
}
