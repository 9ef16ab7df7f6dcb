package process

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// Other programs are told the path by which a person finds this one: a link that
// stays when what it leads to moves with the next version. A program of the same
// name that is another one is not told.
func TestSelf(t *testing.T) {
	parts.NeedSymlinks(t)
	real, err := os.Executable()
	must(t, err)
	called := os.Args[0]
	t.Cleanup(func() { os.Args[0] = called })
	dir := t.TempDir()
	link := filepath.Join(dir, "codex-cred")
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, name := range []string{"codex-cred", link} {
		os.Args[0] = name
		if got, err := Path(); err != nil || got != link {
			t.Errorf("called as %s: %q (%v), want %q", name, got, err, link)
		}
	}
	must(t, os.Remove(link))
	must(t, os.WriteFile(link, []byte("#!/bin/sh\n"), 0o700))
	os.Args[0] = "codex-cred"
	if got, err := Path(); err != nil || got != real {
		t.Errorf("where another is found: %q (%v), want %q", got, err, real)
	}
}
