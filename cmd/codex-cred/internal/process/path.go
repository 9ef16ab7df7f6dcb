package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Path returns the absolute path with which other programs should run this one.
// It is the path that the user's shell finds, often a link that stays in place
// while its target moves with each version.
func Path() (string, error) {
	real, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the path of codex-cred: %w", err)
	}
	if found, err := exec.LookPath(os.Args[0]); err == nil {
		if found, err = filepath.Abs(found); err == nil && same(found, real) {
			return found, nil
		}
	}
	return real, nil
}

// same reports whether both paths lead to the same file.
func same(a, b string) bool {
	first, err := os.Stat(a) //nolint:gosec // only to compare it
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
