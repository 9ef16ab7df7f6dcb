//go:build unix

package safefile_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

const limit = 1000

// place makes a directory with one file that holds "old". The name of its root needs quoting in a
// shell.
func place(t *testing.T) safefile.Dir {
	t.Helper()
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "it's a root"), Name: "dir"}
	if err := d.Write("file", []byte("old")); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestModesWhateverTheUmask(t *testing.T) {
	t.Parallel()
	want := strings.TrimSpace(`
parent drwx------
root drwx------
dir drwx------
created -rw-------
opened -rw-------
replaced -rw-------
written -rw-------`)
	for _, umask := range []string{"000", "022", "077", "277", "777"} {
		if diff := cmp.Diff(want, reexec.Run(t, "umask", umask, t.TempDir())); diff != "" {
			t.Errorf("modes under umask %s (-want +got):\n%s", umask, diff)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// replaceByLink moves the path away and leaves a symbolic link to it.
func replaceByLink(t *testing.T, path string) {
	t.Helper()
	must(t, os.Rename(path, path+".real"))
	must(t, os.Symlink(path+".real", path))
}

type unsafeCase struct {
	name    string
	path    func(d safefile.Dir) string
	spoil   func(t *testing.T, path string)
	problem string
}

func rootOf(d safefile.Dir) string { return d.Root }
func dirOf(d safefile.Dir) string  { return d.Path("") }
func fileOf(d safefile.Dir) string { return d.Path("file") }

func mode(m os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, path string) { must(t, os.Chmod(path, m)) }
}

// replaceBy puts another kind of file at the path.
func replaceBy(put func(path string) error) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		must(t, os.Rename(path, path+".real"))
		must(t, put(path))
	}
}

func giveAway(t *testing.T, path string) {
	if os.Geteuid() != 0 {
		parts.Need(t, "root", errors.New("only root can give a file away"))
	}
	must(t, os.Chown(path, 4321, -1))
}

func unsafeCases() []unsafeCase {
	plain := func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }
	empty := func(path string) error { return os.Mkdir(path, 0o700) }
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o600) }
	dangling := func(path string) error { return os.Symlink("nowhere", path) }
	return []unsafeCase{
		{"symlinked root", rootOf, replaceByLink, "is a symbolic link"},
		{"symlinked directory", dirOf, replaceByLink, "is a symbolic link"},
		{"symlinked file", fileOf, replaceByLink, "is a symbolic link"},
		{"symlink to nothing for root", rootOf, replaceBy(dangling), "is a symbolic link"},
		{"symlink to nothing for file", fileOf, replaceBy(dangling), "is a symbolic link"},
		{"file for root", rootOf, replaceBy(plain), "is not a directory"},
		{"file for directory", dirOf, replaceBy(plain), "is not a directory"},
		{"directory for file", fileOf, replaceBy(empty), "is not a regular file"},
		{"named pipe for file", fileOf, replaceBy(pipe), "is not a regular file"},
		{"group-writable root", rootOf, mode(0o770), "is open to other users (its mode is 0770)"},
		{"world-readable root", rootOf, mode(0o755), "is open to other users (its mode is 0755)"},
		{"group-writable directory", dirOf, mode(0o720), "is open to other users (its mode is 0720)"},
		{"world-searchable directory", dirOf, mode(0o701), "is open to other users (its mode is 0701)"},
		{"world-readable file", fileOf, mode(0o644), "is open to other users (its mode is 0644)"},
		{"group-writable file", fileOf, mode(0o620), "is open to other users (its mode is 0620)"},
		{"root of another user", rootOf, giveAway, "belongs to another user (uid 4321, you are 0)"},
		{"directory of another user", dirOf, giveAway, "belongs to another user (uid 4321, you are 0)"},
		{"file of another user", fileOf, giveAway, "belongs to another user (uid 4321, you are 0)"},
	}
}

func TestRefusesWhatOthersCouldReach(t *testing.T) {
	t.Parallel()
	for _, c := range unsafeCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := place(t)
			real, err := os.Stat(d.Path("file"))
			must(t, err)
			path := c.path(d)
			c.spoil(t, path)
			_, readErr := d.Read("file", limit)
			wantUnsafe(t, "Read", readErr, path, c.problem)
			wantUnsafe(t, "Write", d.Write("file", []byte("new")), path, c.problem)
			wantUnsafe(t, "Create", d.Create("file"), path, c.problem)
			wantUnsafe(t, "Open", open(d, "file"), path, c.problem)
			if path != d.Path("file") {
				wantUnsafe(t, "Check", d.Check(), path, c.problem)
				wantUnsafe(t, "Make", d.Make(), path, c.problem)
				_, err := d.Names()
				wantUnsafe(t, "Names", err, path, c.problem)
				wantUnsafe(t, "Remove", d.Remove("file"), path, c.problem)
			}
			wantUntouched(t, filepath.Dir(d.Root), real)
		})
	}
}

func wantUnsafe(t *testing.T, doing string, err error, path, problem string) {
	t.Helper()
	got := (*helper.UnsafeError)(nil)
	if !errors.As(err, &got) || got.Path != path || got.Problem != problem || got.Fix == "" {
		t.Errorf("%s = %v; want %s %s, and how to mend it", doing, err, path, problem)
	}
}

// wantUntouched checks that the file below top still holds "old".
func wantUntouched(t *testing.T, top string, real os.FileInfo) {
	t.Helper()
	found := false
	must(t, filepath.WalkDir(top, func(path string, _ os.DirEntry, err error) error {
		info, statErr := os.Lstat(path)
		if statErr == nil && os.SameFile(info, real) {
			content, readErr := os.ReadFile(path)
			found = readErr == nil && string(content) == "old"
		}
		return errors.Join(err, statErr)
	}))
	if !found {
		t.Error("the old file is gone or changed")
	}
}

func TestFixMends(t *testing.T) {
	t.Parallel()
	for _, c := range unsafeCases() {
		if !strings.HasPrefix(c.problem, "is open") {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := place(t)
			c.spoil(t, c.path(d))
			_, err := d.Read("file", limit)
			refused := (*helper.UnsafeError)(nil)
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			command, ok := strings.CutPrefix(refused.Fix, "run: ")
			if !ok {
				t.Fatalf("the fix %q is no command", refused.Fix)
			}
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: %s", command, err, out)
			}
			if content, err := d.Read("file", limit); err != nil || string(content) != "old" {
				t.Errorf("after %s: Read = %q, %v", command, content, err)
			}
		})
	}
}

func TestMake_ParentThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink("nowhere", link))
	err := safefile.Dir{Root: filepath.Join(link, "root"), Name: "dir"}.Make()
	if !errors.Is(err, helper.ErrUnavailable) || !strings.Contains(err.Error(), link+": it is a symbolic link that leads nowhere") {
		t.Errorf("Make = %v; want ErrUnavailable and what is wrong with %s", err, link)
	}
}

// TestWrite_BesideErase writes while others remove the directories whenever they are empty.
func TestWrite_BesideErase(t *testing.T) {
	t.Parallel()
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "root"), Name: "dir"}
	var wg sync.WaitGroup
	for _, file := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for range 50 {
				if err := errors.Join(d.Write(file, []byte("x")), d.Remove(file)); err != nil {
					t.Error(err)
				}
				_, _ = os.Remove(d.Path("")), os.Remove(d.Root)
			}
		})
	}
	wg.Wait()
}

func TestCheckRoot(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, c := range []struct {
		name, root string
		want       error
	}{
		{"absent, in a directory of ours", filepath.Join(home, "a", "b", "c"), nil},
		{"relative", "codex-cred", helper.ErrInvalid},
		{"empty", "", helper.ErrInvalid},
		{"there", place(t).Root, nil},
	} {
		if err := safefile.CheckRoot(c.root); !errors.Is(err, c.want) {
			t.Errorf("%s: CheckRoot = %v, want %v", c.name, err, c.want)
		}
	}
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Errorf("CheckRoot made %v, %v", entries, err)
	}
	for _, c := range unsafeCases() {
		d := place(t)
		if c.path(d) == d.Root && !strings.HasPrefix(c.problem, "belongs") {
			c.spoil(t, d.Root)
			wantUnsafe(t, "CheckRoot of a "+c.name, safefile.CheckRoot(d.Root), d.Root, c.problem)
		}
	}
}

func needRoot(t *testing.T) {
	t.Helper()
	var missing error
	if os.Geteuid() != 0 {
		missing = errors.New("the tests do not run as root")
	}
	parts.Need(t, "root", missing)
}

// TestCheckRoot_Sudo runs as root with the HOME of another user.
func TestCheckRoot_Sudo(t *testing.T) {
	t.Parallel()
	needRoot(t)
	home := filepath.Join(t.TempDir(), "home")
	must(t, os.Mkdir(home, 0o755))
	must(t, os.Chown(home, 4321, 4321))
	err := safefile.CheckRoot(filepath.Join(home, ".local", "share", "codex-cred"))
	wantUnsafe(t, "CheckRoot", err, home, "belongs to another user (uid 4321, you are 0), so nothing is made in it")
	if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
		t.Errorf("CheckRoot made %v, %v", entries, err)
	}
}

func TestCheckRoot_OtherUsers(t *testing.T) {
	t.Parallel()
	needRoot(t)
	for _, c := range []struct{ name, how, want string }{
		{
			"an ordinary user in root's directory", "checkroot-as",
			"unsafe: / belongs to another user (uid 0, you are 4321), so nothing is made in it; run it without sudo, or set CODEX_CRED_HOME to a directory of your own that exists",
		},
		{
			"a set-user-ID program", "checkroot-seteuid",
			"unsafe: /codex-cred-absent/root is not touched by a program that runs with another user's rights (uid 0, effective uid 4321); run codex-cred as one user: it must not be set-user-ID",
		},
	} {
		if got := reexec.Run(t, c.how, "10341", "/codex-cred-absent/root"); got != c.want {
			t.Errorf("%s: CheckRoot = %s\nwant %s", c.name, got, c.want)
		}
	}
}
