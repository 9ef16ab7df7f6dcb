package configfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) *configfile.File {
	t.Helper()
	f, err := configfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s holds %q (%v), want %q", path, got, err, want)
	}
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != want && runtime.GOOS != "windows" {
		t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
	}
}

func TestReplaceKeepsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, "old", 0o644)
	if made, err := read(t, path).Replace([]byte("new")); err != nil || len(made) > 0 {
		t.Fatal(made, err)
	}
	wantContent(t, path, "new")
	wantMode(t, path, 0o644)
}

func TestReplaceMakesFileAndDirectories(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b", "config")
	f := read(t, path)
	if f.Exists {
		t.Fatal("an absent file exists")
	}
	made, err := f.Replace([]byte("new"))
	if err != nil || len(made) != 2 || made[0] != filepath.Join(dir, "a") || made[1] != filepath.Join(dir, "a", "b") {
		t.Fatal(made, err)
	}
	wantContent(t, path, "new")
	wantMode(t, path, 0o600)
	wantMode(t, made[0], 0o700)
}

func TestReplaceFollowsLinks(t *testing.T) {
	parts.NeedSymlinks(t)
	dir := t.TempDir()
	target, link := filepath.Join(dir, "dotfiles"), filepath.Join(dir, "config")
	write(t, target, "old", 0o600)
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, link).Replace([]byte("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, target, "new")
	if to, err := os.Readlink(link); err != nil || to != target {
		t.Errorf("the link leads to %q (%v)", to, err)
	}
	if err := os.Remove(target); err != nil {
		t.Fatal(err)
	}
	if _, err := configfile.Read(link); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("a link that leads nowhere: %v", err)
	}
}

func TestReplaceLosesNothingOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, "old", 0o600)
	f := read(t, path)
	write(t, path, "another program's", 0o600)
	if _, err := f.Replace([]byte("new")); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("replace: %v", err)
	}
	if err := f.Remove(); !errors.Is(err, helper.ErrConflict) {
		t.Errorf("remove: %v", err)
	}
	wantContent(t, path, "another program's")
	wantAlone(t, path)
}

func TestReplaceRemovesWhatAKilledRunLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, "old", 0o600)
	write(t, filepath.Join(filepath.Dir(path), ".config.codex-cred.tmp"), "half", 0o600)
	if _, err := read(t, path).Replace([]byte("new")); err != nil {
		t.Fatal(err)
	}
	wantAlone(t, path)
}

func wantAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside the file: %v (%v)", entries, err)
	}
}

func TestReadRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := configfile.Read(dir); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("a directory: %v", err)
	}
	path := filepath.Join(dir, "config")
	write(t, path, "old", 0o400)
	if _, err := configfile.Read(path); !errors.Is(err, helper.ErrUnsafe) {
		t.Errorf("a file that may not be written: %v", err)
	}
}

func TestRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write(t, path, "old", 0o600)
	if err := read(t, path).Remove(); err != nil {
		t.Fatal(err)
	}
	if read(t, path).Exists {
		t.Error("it is still there")
	}
}
