//go:build unix

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// script returns packaging/build of the checkout.
func script(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "packaging", "build"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// build runs the script in a directory of its own.
func build(t *testing.T, script, path string, args ...string) (out string, code int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), script, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(cmd.Environ(), "PATH="+path, "GOFLAGS=-buildvcs=true") // which must have no effect
	content, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(content), cmd.ProcessState.ExitCode()
}

func TestBuild_Usage(t *testing.T) {
	t.Parallel()
	bare := t.TempDir() // a PATH with everything that the shell needs, without Go
	for _, tool := range []string{"bash", "dirname", "basename"} {
		path, err := exec.LookPath(tool)
		must(t, err)
		must(t, os.Symlink(path, filepath.Join(bare, tool)))
	}
	for _, c := range []struct {
		what string
		args []string
		path string
		code int
		want string
	}{
		{"help", []string{"-h"}, os.Getenv("PATH"), 0, "packaging/build -o ~/.local/bin/codex-cred"},
		{"an unknown flag", []string{"-q"}, os.Getenv("PATH"), 2, "packaging/build: see: packaging/build -h"},
		{"an argument", []string{"linux"}, os.Getenv("PATH"), 2, `packaging/build: it takes no argument "linux"`},
		{"a directory for the file", []string{"-o", "/"}, os.Getenv("PATH"), 2, "packaging/build: / is a directory"},
		{"no Go", nil, bare, 1, "packaging/build: it needs Go 1.26 or newer in PATH"},
	} {
		t.Run(c.what, func(t *testing.T) {
			if out, code := build(t, script(t), c.path, c.args...); code != c.code || !strings.Contains(out, c.want) {
				t.Errorf("exit code %d, want %d with %q; it says: %s", code, c.code, c.want, out)
			}
		})
	}
}

// TestBuild_Reproducible builds in the checkout and in a copy of it elsewhere.
func TestBuild_Reproducible(t *testing.T) {
	t.Parallel()
	root, elsewhere := filepath.Join("..", "..", ".."), t.TempDir()
	for _, sub := range []string{"cmd", "fallbackfile", "helper", "internal", "keychain", "packaging", "refresh"} {
		must(t, os.CopyFS(filepath.Join(elsewhere, sub), os.DirFS(filepath.Join(root, sub))))
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, file))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(elsewhere, file), content, 0o600))
	}
	built := make([][]byte, 0, 2)
	for _, script := range []string{script(t), filepath.Join(elsewhere, "packaging", "build")} {
		file := filepath.Join(t.TempDir(), "deep", "codex-cred")
		if out, code := build(t, script, os.Getenv("PATH"), "-o", file); code != 0 {
			t.Fatalf("%s: exit code %d: %s", script, code, out)
		}
		content, err := os.ReadFile(file)
		must(t, err)
		built = append(built, content)
		if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 1 {
			t.Errorf("beside the binary there is something else: %v, %v", entries, err)
		}
	}
	if !bytes.Equal(built[0], built[1]) {
		t.Errorf("two builds of one source differ: %d and %d bytes", len(built[0]), len(built[1]))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
