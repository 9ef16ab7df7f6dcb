//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A program is one command line to measure.
type program struct {
	name  string   // as the report shows it
	store string   // where the tokens are that it reads, or nothing
	args  []string // the first one is a path
	env   []string
	stdin string // path of a file
	wants string // what it must print, or nothing
}

// Names of programs that others are compared with.
const (
	nameConstant   = "a Go program that prints a constant"
	nameGoKeyring  = "a Go program that calls go-keyring once"
	nameSecretTool = "secret-tool lookup"
	nameGh         = "gh auth token"
	nameGet        = "codex-cred get"
)

// ourPrograms returns codex-cred and the yardsticks built with it.
func (l *lab) ourPrograms(ctx context.Context) ([]program, error) {
	all := []program{
		l.program(nameConstant, "", l.bin("constant")),
		l.program("codex-cred version", "", l.ours(), "version"),
		l.program("codex-cred --help", "", l.ours(), "--help"),
	}
	if l.has(storeKeychain) {
		item, err := l.item()
		if err != nil {
			return nil, err
		}
		all = append(all, l.program(nameGoKeyring, storeKeychain, l.bin("gokeyring"), "codex-cred", item))
	}
	git, err := l.file("git.in", "protocol=https\nhost="+host+"\n\n")
	if err != nil {
		return nil, err
	}
	docker, err := l.file("docker.in", host+"\n")
	if err != nil {
		return nil, err
	}
	for _, store := range l.stores {
		token, err := l.output(ctx, store, "get")
		if err != nil {
			return nil, err
		}
		for _, p := range []program{
			l.program(nameGet, store, l.ours(), "get"),
			l.program("codex-cred get -f json", store, l.ours(), "get", "-f", "json"),
			l.program("codex-cred helper git get", store, l.ours(), "helper", "git", "get").reading(git),
			l.program("codex-cred helper docker get", store, l.ours(), "helper", "docker", "get").reading(docker),
		} {
			p.wants = strings.TrimSpace(token)
			all = append(all, p)
		}
	}
	return all, nil
}

func (l *lab) program(name, store string, args ...string) program {
	return program{name: name, store: store, args: args, env: l.env(store), stdin: os.DevNull}
}

func (p program) reading(stdin string) program {
	p.stdin = stdin
	return p
}

// file writes a file of the lab and returns its path.
func (l *lab) file(name, content string) (string, error) {
	path := filepath.Join(l.dir, "home", name)
	return path, os.WriteFile(path, []byte(content), 0o600)
}

// check runs the program once and checks that it does what is to be measured.
func (p program) check(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, p.args[0], p.args[1:]...) //nolint:gosec // a program of this package's own list
	cmd.Env = p.env
	in, err := os.Open(p.stdin)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	cmd.Stdin = in
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w\n%s", p.name, err, stderr.String())
	case len(out) == 0, !strings.Contains(string(out), p.wants):
		return fmt.Errorf("%s: it printed %d bytes, not what is stored", p.name, len(out))
	}
	return nil
}

// A run is what one run of a program took.
type run struct{ elapsed, cpu time.Duration }

// once runs the program until it exits.
func (p program) once() (run, error) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return run{}, err
	}
	defer func() { _ = null.Close() }()
	in, err := os.Open(p.stdin)
	if err != nil {
		return run{}, err
	}
	defer func() { _ = in.Close() }()
	start := time.Now()
	process, err := os.StartProcess(p.args[0], p.args, &os.ProcAttr{Env: p.env, Files: []*os.File{in, null, null}})
	if err != nil {
		return run{}, err
	}
	state, err := process.Wait()
	elapsed := time.Since(start)
	if err == nil && !state.Success() {
		err = fmt.Errorf("%s: %s", p.name, state)
	}
	return run{elapsed, state.UserTime() + state.SystemTime()}, err
}
