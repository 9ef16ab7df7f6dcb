//go:build !windows

package configfile

import (
	"io/fs"
	"os"
	"syscall"
)

// isForeign reports whether the file is another user's: its replacement would be ours.
func isForeign(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) != os.Geteuid()
}
