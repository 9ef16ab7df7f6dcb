package main

import "golang.org/x/sys/unix"

// harden leaves no core file, which would hold the tokens in memory. A failure
// leaves the system's defaults.
func harden() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}) }
