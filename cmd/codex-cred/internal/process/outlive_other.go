//go:build !linux && !windows

package process

// systemKeepsWorkers: launchd ends the process group of a job, and a worker has a
// session, and so a group, of its own.
func systemKeepsWorkers() bool { return true }
