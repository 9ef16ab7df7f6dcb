//go:build unix

package main

import "testing"

// leftOut returns why a script does not run on this system, or "".
func leftOut(string, string, string) string { return "" }

// together runs scripts in parallel, because each has its own keychain.
func together(t *testing.T, _ string) { t.Parallel() }
