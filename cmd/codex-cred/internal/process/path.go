package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Path returns the absolute path under which other programs are to find this
// one: that by which a person finds it, which is often a link that stays while
// what it leads to moves with each version.
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

func same(a, b string) bool {
	first, err := os.Stat(a) //nolint:gosec // only to compare it
	if err != nil {
		return false
	}
	second, err := os.Stat(b)
	return err == nil && os.SameFile(first, second)
}
