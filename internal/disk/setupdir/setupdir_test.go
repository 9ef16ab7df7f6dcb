package setupdir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
)

func record(dir string) setupdir.Record {
	return setupdir.Record{
		Client: "docker", Account: "work", Command: filepath.Join(dir, "codex-cred"), Host: "reg.example:5000",
		Files: []setupdir.File{{Path: filepath.Join(dir, "config"), Created: true, Dirs: []string{dir}}},
	}
}

func TestRecord(t *testing.T) {
	d := setupdir.New(filepath.Join(t.TempDir(), "root"))
	want := record(t.TempDir())
	if err := d.Save(want); err != nil {
		t.Fatal(err)
	}
	name := setupdir.Name(want.Client, want.Host)
	got, err := d.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	want.Name, want.Version = name, 1
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	names, strays, err := d.List()
	if err != nil || len(names) != 1 || names[0] != name || len(strays) > 0 {
		t.Error(names, strays, err)
	}
	if err := d.Remove(name); err != nil {
		t.Error(err)
	}
	if _, err := d.Load(name); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("after its removal: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	d := setupdir.New(filepath.Join(t.TempDir(), "root"))
	if err := d.Save(setupdir.Record{Client: "codex", Account: "work"}); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		``: "it is empty",
		`{"version":1,"client":"codex","account":"work"} x`:                             "something follows it",
		`{"version":1,"client":"git","account":"work"}`:                                 "of another client",
		`{"version":1,"client":"codex","account":"../x"}`:                               "account name",
		`{"version":1,"client":"codex","account":"work","files":[{"path":"config"}]}`:   "a relative path",
		`{"version":1,"client":"codex","account":"work","content":"secret"}`:            "a member is unknown",
		`{"version":2,"client":"codex","account":"work","content":"what a later says"}`: "its format version is 2",
	} {
		if err := os.WriteFile(d.Path("codex"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Load("codex"); !errors.Is(err, helper.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", content, err, want)
		}
	}
}

func TestSaveRefusesRelativePaths(t *testing.T) {
	d := setupdir.New(filepath.Join(t.TempDir(), "root"))
	r := record(t.TempDir())
	r.Files[0].Dirs = []string{"relative"}
	if err := d.Save(r); !errors.Is(err, helper.ErrInvalid) {
		t.Error(err)
	}
}

func TestLock(t *testing.T) {
	d := setupdir.New(filepath.Join(t.TempDir(), "root"))
	if err := d.RemoveLock(t.Context()); !errors.Is(err, helper.ErrNotFound) {
		t.Error(err)
	}
	unlock, err := d.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if names, strays, err := d.List(); len(names)+len(strays) > 0 || err != nil {
		t.Error(names, strays, err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := d.RemoveLock(t.Context()); err != nil {
		t.Error(err)
	}
}
