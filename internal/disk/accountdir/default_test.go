package accountdir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
)

func wantDefault(t *testing.T, d *accountdir.Dir, want string) {
	t.Helper()
	if got, err := d.Default(); err != nil || got != want {
		t.Errorf("Default = %q, %v; want %q", got, err, want)
	}
}

func TestDefault(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	d := accountdir.New(root, nil)
	wantDefault(t, d, helper.DefaultAccount)
	if _, err := os.Lstat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("asking for the default account made the root: %v", err)
	}
	if err := d.RemoveDefault(); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("RemoveDefault of no choice: %v", err)
	}
	for _, name := range []string{"work", "play"} {
		if err := d.SetDefault(name); err != nil {
			t.Fatal(err)
		}
		wantDefault(t, d, name)
	}
	if names, err := d.List(); err != nil || len(names) > 0 {
		t.Errorf("the choice is listed as an account: %q, %v", names, err)
	}
	if err := d.RemoveDefault(); err != nil {
		t.Fatal(err)
	}
	wantDefault(t, d, helper.DefaultAccount)
}

func TestSetDefaultInvalid(t *testing.T) {
	d := accountdir.New(filepath.Join(t.TempDir(), "root"), nil)
	if err := d.SetDefault("../work"); !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("SetDefault: %v", err)
	}
	wantDefault(t, d, helper.DefaultAccount)
}

func TestDefaultIsDamaged(t *testing.T) {
	d := accountdir.New(filepath.Join(t.TempDir(), "root"), nil)
	for _, content := range []string{"", "\n", "UPPER\n", "work\nplay\n", "../work\n", strings.Repeat("a", 300)} {
		if err := d.SetDefault("work"); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d.DefaultPath(), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if name, err := d.Default(); !errors.Is(err, helper.ErrCorrupt) {
			t.Errorf("a choice of %.20q reads as %q, %v", content, name, err)
		}
	}
}
