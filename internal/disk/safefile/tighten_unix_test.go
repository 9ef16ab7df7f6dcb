//go:build unix

package safefile_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// TestTighten checks that open permissions are fixed, and that nothing else that is refused is
// changed.
func TestTighten(t *testing.T) {
	t.Parallel()
	for _, c := range unsafeCases() {
		if c.name == "directory for file" || strings.HasPrefix(c.name, "file for") {
			continue // is neither open nor another user's by itself
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := place(t)
			path := c.path(d)
			c.spoil(t, path)
			wantUnsafe(t, "Check", safefile.Check(path), path, c.problem)
			before, err := os.Lstat(path)
			must(t, err)
			err = safefile.Tighten(path)
			if strings.HasPrefix(c.problem, "is open") {
				must(t, err)
				if content, err := d.Read("file", limit); err != nil || string(content) != "old" {
					t.Errorf("after Tighten: Read = %q, %v", content, err)
				}
				return
			}
			wantUnsafe(t, "Tighten", err, path, c.problem)
			if after, err := os.Lstat(path); err != nil || after.Mode() != before.Mode() {
				t.Errorf("Tighten made %v of %v, %v", after, before, err)
			}
		})
	}
}

func TestTighten_Absent(t *testing.T) {
	t.Parallel()
	d := place(t)
	for doing, err := range map[string]error{"Check": safefile.Check(d.Path("absent")), "Tighten": safefile.Tighten(d.Path("absent"))} {
		if !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("%s = %v, want ErrNotFound", doing, err)
		}
	}
	for _, path := range []string{d.Path("file"), d.Path(""), d.Root} {
		if err := safefile.Tighten(path); err != nil {
			t.Error(err)
		}
	}
}
