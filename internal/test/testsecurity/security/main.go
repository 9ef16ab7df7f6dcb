// Command security is a fake of security(1) of macOS, see package testsecurity.
package main

import (
	"os"

	"github.com/codex-cred/codex-cred/internal/test/testsecurity"
)

func main() {
	os.Exit(testsecurity.Command{ //nolint:forbidigo // it is a main
		Dir:    os.Getenv(testsecurity.State), //nolint:forbidigo // security(1) has no option for it
		Args:   os.Args[1:],
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	}.Run())
}
