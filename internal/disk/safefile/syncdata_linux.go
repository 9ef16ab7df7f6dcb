package safefile

import (
	"os"

	"golang.org/x/sys/unix"
)

func syncData(f *os.File) error {
	return retry(func() error { return unix.Fdatasync(int(f.Fd())) })
}
