package helper_test

import (
	"flag"
	"testing"
)

// TestMain runs the tests or, in a process that panicOutput started, panics.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.NArg() > 0 {
		panicWith(flag.Arg(0))
	}
	m.Run()
}
