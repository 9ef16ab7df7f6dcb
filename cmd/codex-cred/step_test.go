package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"github.com/codex-cred/codex-cred/helper"
)

// stepVariable names the socket at which workers ask what to do at each step. Only the test build
// reads it.
const stepVariable = "CODEX_CRED_TEST_STEPS"

// Answers of the socket.
const (
	goOn = "go on"
	fail = "fail"
)

// atSteps makes the program ask at each step, if the variable is set.
func atSteps(p *program) *program {
	if socket := os.Getenv(stepVariable); socket != "" {
		p.at = func(step string) error { return ask(socket, step) }
	}
	return p
}

// ask waits until it is told to continue or to fail. The process may be killed meanwhile.
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
