package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"github.com/codex-cred/codex-cred/helper"
)

// stepVariable names, for the tests' build of the program only, the socket at
// which its workers ask at each step what shall become of them.
const stepVariable = "CODEX_CRED_TEST_STEPS"

// The answers of the socket.
const (
	goOn = "go on"
	fail = "fail"
)

// atSteps lets the program ask at each step, if somebody is there to be asked.
func atSteps(p *program) *program {
	if socket := os.Getenv(stepVariable); socket != "" {
		p.at = func(step string) error { return ask(socket, step) }
	}
	return p
}

// ask stands still until it is told to go on, or to fail. Who asks may be killed
// meanwhile.
func ask(socket, step string) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		panic(err) // the test is over
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintln(c, step); err != nil {
		panic(err)
	}
	switch answer, err := io.ReadAll(c); {
	case err == nil && string(answer) == goOn:
		return nil
	case err == nil && string(answer) == fail:
		return fmt.Errorf("the step %s: a test wants it to be %w", step, helper.ErrUnavailable)
	}
	panic("nobody answers")
}
