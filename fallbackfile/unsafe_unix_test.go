//go:build unix

package fallbackfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

func TestMain(m *testing.M) { reexec.Main(m, child) }

// child puts an item twice under the umask args[0] and the root args[1], and prints the modes after
// each.
func child(args []string) error {
	umask, err := strconv.ParseUint(args[0], 8, 32)
	if err != nil {
		return err
	}
	syscall.Umask(int(umask))
	s, v := fallbackfile.New(args[1]), helper.Version("")
	for _, item := range []string{"first", "second"} {
		if v, err = s.Put(context.Background(), name, []byte(item), v); err != nil {
			return err
		}
		for _, path := range []string{args[1], filepath.Dir(s.Path(name)), s.Path(name)} {
			info, err := os.Lstat(path)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintln(os.Stdout, info.Mode())
		}
	}
	return nil
}

func TestModesWhateverTheUmask(t *testing.T) {
	t.Parallel()
	const once = "drwx------\ndrwx------\n-rw-------"
	for _, umask := range []string{"000", "077"} {
		if got := reexec.Run(t, umask, filepath.Join(t.TempDir(), "root")); got != once+"\n"+once {
			t.Errorf("modes under umask %s after a Put and an overwrite:\n%s", umask, got)
		}
	}
}

func giveAway(t *testing.T, path string) {
	if os.Geteuid() != 0 {
		parts.Need(t, "root", errors.New("only root can give a file away"))
	}
	must(t, os.Chown(path, 4321, -1))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func link(t *testing.T, path string) {
	must(t, os.Rename(path, path+".real"))
	must(t, os.Symlink(path+".real", path))
}

func TestUnsafe(t *testing.T) {
	t.Parallel()
	root := func(path string) string { return filepath.Dir(filepath.Dir(path)) }
	mode := func(m os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) { must(t, os.Chmod(path, m)) }
	}
	itself := func(path string) string { return path }
	for _, c := range []struct {
		name  string
		what  func(path string) string
		spoil func(t *testing.T, path string)
	}{
		{"symlinked root", root, link},
		{"symlinked directory", filepath.Dir, link},
		{"symlinked file", itself, link},
		{"group-writable directory", filepath.Dir, mode(0o770)},
		{"world-readable file", itself, mode(0o604)},
		{"file of another user", itself, giveAway},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, v := place(t)
			path := s.Path(name)
			c.spoil(t, c.what(path))
			_, _, getErr := s.Get(t.Context(), name)
			_, putErr := s.Put(t.Context(), name, []byte("new"), v)
			for doing, err := range map[string]error{"Get": getErr, "Put": putErr, "Delete": s.Delete(t.Context(), name, v)} {
				refused := (*helper.UnsafeError)(nil)
				if !errors.As(err, &refused) || refused.Path != c.what(path) {
					t.Errorf("%s = %v; want the refusal of %s", doing, err, c.what(path))
				}
			}
			wantFile(t, path, "old")
		})
	}
}
