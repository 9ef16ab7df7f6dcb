//go:build unix

package main

import "testing"

// leftOut returns why a script is not for this system.
func leftOut(string, string, string) string { return "" }

// together lets scripts run at once: each has a keychain of its own.
func together(t *testing.T, _ string) { t.Parallel() }
