//go:build !linux

package filelock_test

// reportsHolder is whether the system reports the holder of a lock, see findHolder.
const reportsHolder = false
