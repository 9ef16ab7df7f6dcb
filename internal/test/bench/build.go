//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const module = "github.com/codex-cred/codex-cred"

// build puts the programs into the lab's bin. Each is a copy, because a file that the linker wrote
// starts up to a sixth slower.
func (l *lab) build(ctx context.Context) error {
	linked := filepath.Join(l.dir, "linked")
	root, err := command(ctx, "go", "list", "-f", "{{.Dir}}", "-m", module)
	if err != nil {
		return fmt.Errorf("%w\nrun it from the checkout", err)
	}
	if _, err := command(ctx, filepath.Join(root, "packaging", "build"), "-o", l.ours()); err != nil {
		return err
	}
	for _, name := range []string{"constant", "gokeyring", "peak"} {
		_, err := command(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", linked, module+"/internal/test/bench/yardstick/"+name)
		if err != nil {
			return err
		}
		if err := l.copyIn(linked, name); err != nil {
			return err
		}
	}
	return os.Remove(linked)
}

// command runs a program of the build, which makes no use of C, and returns what
// it prints.
func command(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // programs of this package's own list
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=", "GOARCH=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", name, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

// copyIn copies a program into the lab and returns the path of the copy.
func (l *lab) copyIn(from, name string) error {
	in, err := os.Open(from) //nolint:gosec // a program to be measured
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(l.bin(name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o700) //nolint:gosec // of the lab
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return out.Close()
}

func (l *lab) bin(name string) string { return filepath.Join(l.dir, "bin", name) }
