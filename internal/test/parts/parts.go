// Package parts decides what happens to a test whose real part (a keychain
// daemon, a file system, a program) is missing on this machine. It is for
// tests.
package parts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Variable names the environment variable that lists, separated by commas, the
// parts that must be there: a test that lacks one of them fails. Without it the
// test is skipped, so that the suite passes on every machine.
const Variable = "CODEX_CRED_TEST_REQUIRE"

// Need ends the test unless missing is nil. Missing says why the part cannot be
// used here.
func Need(t testing.TB, part string, missing error) {
	t.Helper()
	if missing == nil {
		return
	}
	if Required(part) {
		t.Fatalf("%s is required by %s and missing: %v", part, Variable, missing)
	}
	t.Skipf("%s is missing: %v", part, missing)
}

// NeedSymlinks ends the test where symbolic links cannot be made: on Windows that
// is a privilege, and wine makes files in their place.
func NeedSymlinks(t testing.TB) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	err := os.Symlink("target", link)
	if err == nil {
		_, err = os.Readlink(link)
	}
	Need(t, "symlinks", err)
}

// Required reports whether the part must be there.
func Required(part string) bool {
	list := os.Getenv(Variable) //nolint:forbidigo // for tests, which have no command line of their own
	return slices.Contains(strings.Split(list, ","), part)
}
