//go:build unix

package filelock

import (
	"os"

	"github.com/gofrs/flock"

	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// A kernelLock is the lock of one descriptor.
type kernelLock = flock.Flock

// open opens an existing file: only safefile creates files.
func open(dir safefile.Dir, file string) *kernelLock {
	return flock.New(dir.Path(file), flock.SetFlag(os.O_RDWR))
}
