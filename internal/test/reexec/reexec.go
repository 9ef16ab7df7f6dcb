// Package reexec runs a test binary again as another process, for tests of process properties: a
// umask, a user, locks that end with a process. A package calls [Main] in its TestMain; its tests
// call [Start] and [Run].
package reexec

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// deadline ends a child process that hangs.
const deadline = time.Minute

// Main runs the tests or, in a process of [Start] or [Run], child with their arguments. Run returns
// the error of child as text.
func Main(m *testing.M, child func(args []string) error) {
	flag.Parse()
	if flag.NArg() == 0 {
		m.Run()
		return
	}
	if err := child(flag.Args()); err != nil {
		_, _ = fmt.Fprintln(os.Stdout, err)
	}
}

// A Process is a running child.
type Process struct {
	Cmd    *exec.Cmd
	Stdin  io.WriteCloser
	stdout *bufio.Reader
}

// Start starts a child. It is killed at the end of the test.
func Start(t testing.TB, args ...string) *Process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), deadline)
	cmd := exec.CommandContext(ctx, binary, append([]string{"--"}, args...)...) //nolint:gosec // the test binary itself
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	return &Process{Cmd: cmd, Stdin: stdin, stdout: bufio.NewReader(stdout)}
}

// Line returns the next line that the child writes.
func (p *Process) Line(t testing.TB) string {
	t.Helper()
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("the child process wrote %q and ended: %v", line, err)
	}
	return strings.TrimSuffix(line, "\n")
}

// Want fails the test unless the next line is the given one.
func (p *Process) Want(t testing.TB, line string) {
	t.Helper()
	if got := p.Line(t); got != line {
		t.Fatalf("the child process wrote %q, want %q", got, line)
	}
}

// Rest closes the child's standard input and returns the rest of its output.
func (p *Process) Rest(t testing.TB) string {
	t.Helper()
	_ = p.Stdin.Close()
	out, err := io.ReadAll(p.stdout)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(string(out), "\n")
}

// Run runs a child until it exits and returns its output, followed by its error.
func Run(t testing.TB, args ...string) string {
	t.Helper()
	return Start(t, args...).Rest(t)
}
