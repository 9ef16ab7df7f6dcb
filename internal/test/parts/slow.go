package parts

import (
	"fmt"
	"os"
	"testing"
)

// SlowVariable names the environment variable that, if it is 1, runs the slow
// tests as well. Without it `go test ./...` stays far below the ten minutes that
// Go gives a package. The gate sets it.
const SlowVariable = "CODEX_CRED_TEST_SLOW"

// Slow reports whether the slow tests are to run. A sweep may ask it to choose
// between all of its cases and a few.
func Slow() bool {
	return os.Getenv(SlowVariable) == "1" //nolint:forbidigo // for tests, which have no command line of their own
}

// NeedSlow skips the test unless the slow tests are to run.
func NeedSlow(t testing.TB) {
	t.Helper()
	if !Slow() {
		t.Skipf("slow; %s=1 runs it", SlowVariable)
	}
}

// Main runs a package's tests for its TestMain, as [testing.M] does, and says in one
// line that slow tests were left out. go test shows that line with -v, or if the
// package is in the working directory; otherwise it hides what a passing package
// prints.
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
