//go:build unix

package safefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// TestAppend checks that concurrent appends are all there, each text complete, in a file that only
// its owner can read.
func TestAppend(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 50
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "root"), Name: "dir"}
	line := strings.Repeat("x", 3000) + "\n"
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if _, err := d.Append("file", []byte(line)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	size, err := d.Append("file", []byte(line))
	must(t, err)
	content, err := os.ReadFile(d.Path("file"))
	must(t, err)
	if want := strings.Repeat(line, writers*each+1); string(content) != want || size != int64(len(want)) {
		t.Errorf("the file has %d bytes and Append says %d, want %d; or lines are torn", len(content), size, len(want))
	}
	info, err := os.Stat(d.Path("file"))
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
}

func TestAppend_RefusesLinks(t *testing.T) {
	t.Parallel()
	d := place(t)
	must(t, os.Symlink(d.Path("file"), d.Path("link")))
	_, err := d.Append("link", []byte("more"))
	if unsafe := (*helper.UnsafeError)(nil); !errors.As(err, &unsafe) {
		t.Errorf("error %v, want an UnsafeError", err)
	}
	if got, err := d.Read("file", limit); err != nil || strings.Contains(string(got), "more") {
		t.Errorf("Read = %q, %v", got, err)
	}
}
