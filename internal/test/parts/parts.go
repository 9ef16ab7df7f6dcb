// Package parts skips or fails a test whose prerequisite (a keychain daemon, a file system, a
// program) is missing on this computer.
package parts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Variable is the environment variable that lists, separated by commas, the required parts: a test
// that lacks one of them fails. Otherwise the test is skipped, so that the suite passes on every
// computer.
const Variable = "CODEX_CRED_TEST_REQUIRE"

// Need ends the test unless missing is nil. missing is the reason why the part cannot be used here.
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

// NeedSymlinks ends the test if symbolic links cannot be made: on Windows that is a privilege, and
// wine makes files instead.
func NeedSymlinks(t testing.TB) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "link")
	err := os.Symlink("target", link)
	if err == nil {
		_, err = os.Readlink(link)
	}
	Need(t, "symlinks", err)
}

// Required reports whether the part is required.
func Required(part string) bool {
	list := os.Getenv(Variable) //nolint:forbidigo // tests have no command line of their own
	return slices.Contains(strings.Split(list, ","), part)
}
