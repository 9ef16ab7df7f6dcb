//go:build unix

package safefile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// TestCheckAncestors changes one directory two levels above the path.
func TestCheckAncestors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		spoil   func(t *testing.T, path string)
		problem string // empty: accepted
	}{
		{"closed", mode(0o700), ""},
		{"readable", mode(0o755), ""},
		{"others can write", mode(0o757), "is a directory in which other users can replace files (its mode is 0757)"},
		{"everybody can write, sticky", mode(0o777 | os.ModeSticky), ""},
		{"only others can write", mode(0o702), "is a directory in which other users can replace files (its mode is 0702)"},
		{"another user's", giveAway, "belongs to another user (uid 4321, you are 0), who can replace what is in it"},
		{"a group with others in it can write", groupOfOthers, "is a directory in which other users can replace files (its mode is 0770)"},
		{"behind a link", replaceByLink, ""},
		{"behind a link in a directory that others can write", func(t *testing.T, path string) {
			must(t, os.Mkdir(path+".open", 0o700))
			must(t, os.Chmod(path+".open", 0o777))
			must(t, os.Rename(path, path+".real"))
			must(t, os.Symlink(path+".real", filepath.Join(path+".open", "link")))
			must(t, os.Symlink(filepath.Join(filepath.Base(path)+".open", "link"), path))
		}, "is a directory in which other users can replace files (its mode is 0777)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			above := filepath.Join(t.TempDir(), "it's above")
			path := filepath.Join(above, "home", "root")
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			c.spoil(t, above)
			err := safefile.CheckAncestors(path)
			if c.problem == "" {
				must(t, err)
				return
			}
			if c.name == "behind a link in a directory that others can write" {
				above += ".open"
			}
			wantUnsafe(t, "CheckAncestors", err, above, c.problem)
		})
	}
}

// groupOfOthers makes the directory writable for a group that is in no list.
func groupOfOthers(t *testing.T, path string) {
	giveAway(t, path) // needs root
	must(t, os.Chown(path, 0, 4321))
	must(t, os.Chmod(path, 0o770))
}

// TestCheckAncestors_Links checks that a circular path is refused, and that one that does not exist
// is accepted.
func TestCheckAncestors_Links(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.Symlink("b", filepath.Join(dir, "a")))
	must(t, os.Symlink("a", filepath.Join(dir, "b")))
	if err := safefile.CheckAncestors(filepath.Join(dir, "a", "root")); err == nil {
		t.Error("links in a circle were followed to an end")
	}
	must(t, safefile.CheckAncestors(filepath.Join(dir, "no", "such", "root")))
	if err := safefile.CheckAncestors("relative/root"); err == nil {
		t.Error("a relative path was not refused")
	}
}

// TestCheckSheltered checks that a directory like /tmp protects from replacement and not from
// additional files.
func TestCheckSheltered(t *testing.T) {
	t.Parallel()
	shared := filepath.Join(t.TempDir(), "tmp")
	must(t, os.Mkdir(shared, 0o700))
	must(t, os.Chmod(shared, 0o777|os.ModeSticky))
	path := filepath.Join(shared, "home", "root")
	must(t, os.MkdirAll(path, 0o700))
	must(t, safefile.CheckAncestors(path))
	if err := safefile.CheckSheltered(path); err == nil {
		t.Error("a path below a sticky directory was not refused")
	}
}
