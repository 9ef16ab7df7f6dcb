//go:build unix

package process

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// A worker keeps nothing open that the caller was given: who reads from a pipe
// until its end would wait for the refresh.
func TestDetach_InheritedFiles(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(read.Close(), write.Close()) }()
	if _, err := unix.FcntlInt(write.Fd(), unix.F_SETFD, 0); err != nil { // as from a shell
		t.Fatal(err)
	}
	must(t, StartDetached(exec.Command("true")))
	if flags, err := unix.FcntlInt(write.Fd(), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("flags %#x, error %v; want FD_CLOEXEC", flags, err)
	}
}
