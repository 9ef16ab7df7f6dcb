//go:build !linux

package safefile

import "os"

// syncData on macOS is F_FULLFSYNC, which is what Sync calls: fsync there does
// not reach the disk.
func syncData(f *os.File) error { return f.Sync() }
