//go:build !linux && !windows

package process

// systemKeepsWorkers returns true: launchd kills the process group of a job,
// and a worker has its own session and group.
func systemKeepsWorkers() bool { return true }
