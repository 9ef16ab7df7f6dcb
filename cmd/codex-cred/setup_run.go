package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/helper/wire/output"
	"github.com/codex-cred/codex-cred/internal/disk/rundir"
)

// Other programs look for configuration, which may name code to run, in their working directory and
// in every directory above it. So setup starts them only with the functions below, each in its own
// folder. No other user can place files above that folder.

// runIn calls run with a folder for the program, and removes the folder afterwards.
func (s *setup) runIn(program string, run func(folder *rundir.Run) error) error {
	folder, err := s.Runs.Make()
	if err != nil {
		return fmt.Errorf("run %s, which reads what it finds in the directories above its own: %w", program, err)
	}
	err = run(folder)
	if removal := folder.Remove(); removal != nil {
		s.Warn("warning: %s; codex-cred doctor --fix removes it later", removal)
	}
	return err
}

// runEnvironment returns the environment of a program that runs in the folder. It sets PWD, because
// some programs trust it.
func runEnvironment(folder *rundir.Run, more []string) []string {
	own := []output.Variable{
		{Name: "TMPDIR", Value: folder.Temp},
		{Name: "TMP", Value: folder.Temp},
		{Name: "TEMP", Value: folder.Temp},
		{Name: "PWD", Value: folder.Work},
	}
	return append(withToken(os.Environ(), own), more...)
}

// runTrial runs the client in an empty folder, without the config of a project, and returns the
// last line of its output.
func (s *setup) runTrial(
	ctx context.Context, path string, run trialRun, w *recordingServer, folder *rundir.Run,
) (said string, err error) {
	if run.file != nil {
		name, content := run.file(w)
		if err := os.WriteFile(filepath.Join(folder.Work, name), []byte(content), 0o600); err != nil {
			return "nothing", fmt.Errorf("write what %s is to read: %w", run.program, err)
		}
	}
	defer s.Unprotect()()
	defer s.NoticeAfter("%s is running ...", run.program)()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, path, run.args(w.url)...) //nolint:gosec // the user chose the client
	cmd.Dir, cmd.Env = folder.Work, runEnvironment(folder, run.environment(w.url))
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay, cmd.Cancel = &output, &output, 2*time.Second, endOf(cmd)
	err = cmd.Run()
	return lastLine(output.String()), err
}

// endOf returns a Cancel function that interrupts the program, so that it can stop its own
// children.
func endOf(cmd *exec.Cmd) func() error {
	return func() error {
		if err := cmd.Process.Signal(os.Interrupt); !errors.Is(err, os.ErrProcessDone) && err != nil {
			return cmd.Process.Kill()
		}
		return nil
	}
}

// neverRan reports whether the program failed because it did not start.
func neverRan(err error) bool { return err != nil && !errors.As(err, new(*exec.ExitError)) }

// ask runs the program of a and returns its standard output and its standard error.
func (s *setup) ask(ctx context.Context, a credentialProbe) (output []byte, said string, err error) {
	path, err := exec.LookPath(a.program)
	if err != nil {
		return nil, "", err
	}
	err = s.runIn(a.program, func(folder *rundir.Run) error {
		ctx, cancel := context.WithTimeout(ctx, verifyWait)
		defer cancel()
		var told bytes.Buffer
		cmd := exec.CommandContext(ctx, path, a.args...) //nolint:gosec // the user chose the client
		cmd.Dir, cmd.Stdin, cmd.Stderr = folder.Work, strings.NewReader(a.stdin), &told
		cmd.Env = runEnvironment(folder, []string{"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS="})
		var err error
		output, err = cmd.Output()
		said = told.String()
		return err
	})
	return output, said, err
}
