//go:build !linux

package safefile

import "os"

// syncData is Sync. On macOS that is F_FULLFSYNC: fsync there does not reach the disk.
func syncData(f *os.File) error { return f.Sync() }
