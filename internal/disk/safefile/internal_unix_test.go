//go:build unix

package safefile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
)

// TestCheckNew checks file systems like exFAT, where a mode that was set is not kept.
func TestCheckNew(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	err := checkNew(path)
	refused := (*helper.UnsafeError)(nil)
	if !errors.As(err, &refused) || !strings.Contains(refused.Problem, "keeps no modes") || !strings.Contains(refused.Fix, "CODEX_CRED_HOME") {
		t.Errorf("checkNew = %v, want the refusal of a file system without modes", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/home/a/.local/share/codex-cred": "/home/a/.local/share/codex-cred",
		"/home/it's me":                   `'/home/it'\''s me'`,
		"/a;b":                            "'/a;b'",
		"/a$(b)":                          "'/a$(b)'",
	} {
		if got := quote(path); got != want {
			t.Errorf("quote(%q) = %s, want %s", path, got, want)
		}
	}
}

// TestOpenFile replaces a file after it was checked: the opened file is checked again.
func TestOpenFile(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"is a symbolic link": func(path string) error {
			return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
		},
		"is open to other users (its mode is 0644)": func(path string) error { return os.Chmod(path, 0o644) },
		"is not a regular file":                     func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) },
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := errors.Join(os.WriteFile(path, []byte("old"), 0o600), spoil(path)); err != nil {
			t.Fatal(err)
		}
		f, err := openFile(path, os.O_RDWR)
		refused := (*helper.UnsafeError)(nil)
		if f != nil || !errors.As(err, &refused) || refused.Path != path || refused.Problem != name {
			t.Errorf("openFile = %v, want that it %s", err, name)
		}
	}
}

// TestPrivateGroup checks when a directory that its group can write is its owner's alone.
func TestPrivateGroup(t *testing.T) {
	t.Parallel()
	const users = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:100::/home/bob:/bin/sh\neve:x:1002:100::/home/eve:/bin/sh\n"
	const groups = "root:x:0:\nann:x:1000:\nusers:x:100:\nwheel:x:10:ann,bob\nown:x:11:ann\n"
	for _, c := range []struct {
		name     string
		uid, gid int
		want     bool
	}{
		{"the user's own group", 1000, 1000, true},
		{"a group with the user alone in it", 1000, 11, true},
		{"a group with another member", 1000, 10, false},
		{"the main group of others", 1001, 100, false},
		{"another user's own group", 1001, 1000, false},
		{"a group that is not listed", 1000, 5000, false},
		{"a user who is not listed", 5000, 1000, false},
	} {
		if got := privateGroup([]byte(users), []byte(groups), c.uid, c.gid); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
	if privateGroup(nil, nil, 0, 0) {
		t.Error("a group is private where nothing is listed")
	}
}
