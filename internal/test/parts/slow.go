package parts

import (
	"fmt"
	"os"
	"testing"
)

// SlowVariable is the environment variable that enables the slow tests if it is 1. Without them `go
// test ./...` takes much less than Go's limit of ten minutes for a package. The gate sets it.
const SlowVariable = "CODEX_CRED_TEST_SLOW"

// Slow reports whether slow tests are enabled. A test may run all of its cases then, and a few
// otherwise.
func Slow() bool {
	return os.Getenv(SlowVariable) == "1" //nolint:forbidigo // tests have no command line of their own
}

// NeedSlow skips the test unless slow tests are enabled.
func NeedSlow(t testing.TB) {
	t.Helper()
	if !Slow() {
		t.Skipf("slow; %s=1 runs it", SlowVariable)
	}
}

// Main runs a package's tests for its TestMain, as [testing.M] does, and prints a line if slow
// tests were skipped. go test shows that line with -v, or for the package in the working directory.
type Main struct{ M *testing.M }

// Run returns the exit code.
func (m Main) Run() int {
	code := m.M.Run()
	if !Slow() {
		_, _ = fmt.Fprintf(os.Stdout,
			"slow tests were left out or shortened; to run all: %s=1 go test -timeout 30m\n", SlowVariable)
	}
	return code
}
