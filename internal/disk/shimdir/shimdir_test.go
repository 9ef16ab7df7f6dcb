package shimdir_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/shimdir"
)

func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAdd(t *testing.T) {
	root, path := filepath.Join(t.TempDir(), "root"), program(t)
	dir := shimdir.New(root)
	if err := dir.Add("tok", path, []string{"get", "work"}); err != nil {
		t.Fatal(err)
	}
	if err := dir.Add("tok", path, []string{"get", "lab", "-f", "header"}); err != nil {
		t.Fatalf("add again: %v", err)
	}
	want := []string{"get", "lab", "-f", "header"}
	args, found, err := shimdir.Resolve(dir.Path("tok"))
	if err != nil || !slices.Equal(args, want) || found != root {
		t.Errorf("At = %q, %q, %v; want %q, %q", args, found, err, want, root)
	}
	one, err := os.Stat(dir.Path("tok"))
	other, otherErr := os.Stat(path)
	if err != nil || otherErr != nil || !os.SameFile(one, other) {
		t.Errorf("%s is not the program: %v", dir.Path("tok"), errors.Join(err, otherErr))
	}
	if names, err := dir.Names(); err != nil || !slices.Equal(names, []string{"tok"}) {
		t.Errorf("Names = %q, %v", names, err)
	}
}

// TestFailedAdd checks that a failed Add keeps the old shim.
func TestFailedAdd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a copy takes the place of a program that is gone")
	}
	dir := shimdir.New(filepath.Join(t.TempDir(), "root"))
	if err := dir.Add("tok", program(t), []string{"get"}); err != nil {
		t.Fatal(err)
	}
	if err := dir.Add("tok", strings.Repeat("x", 1<<16), []string{"get"}); err == nil {
		t.Fatal("a link was made that no system has")
	}
	if _, err := os.Stat(dir.Path("tok")); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	dir := shimdir.New(filepath.Join(t.TempDir(), "root"))
	for _, name := range []string{"", "..", "a/b", "tok.json", "Tok", "-f", "a b", "x\n"} {
		if err := dir.Add(name, program(t), []string{"get"}); !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("Add(%q) = %v, want ErrInvalid", name, err)
		}
		if err := dir.Remove(name); !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("Remove(%q) = %v, want ErrNotFound", name, err)
		}
	}
	if names, err := dir.Names(); err != nil || len(names) > 0 {
		t.Errorf("Names = %q, %v; want none", names, err)
	}
}

func TestRemove(t *testing.T) {
	for name, spoil := range map[string]func(*shimdir.Dir) error{
		"whole":             func(*shimdir.Dir) error { return nil },
		"without arguments": func(d *shimdir.Dir) error { return os.Remove(d.ArgsPath("tok")) },
		"only arguments":    func(d *shimdir.Dir) error { return os.Remove(d.Path("tok")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := shimdir.New(filepath.Join(t.TempDir(), "root"))
			if err := errors.Join(dir.Add("tok", program(t), []string{"get"}), spoil(dir)); err != nil {
				t.Fatal(err)
			}
			if names, err := dir.Names(); err != nil || !slices.Equal(names, []string{"tok"}) {
				t.Errorf("Names = %q, %v", names, err)
			}
			if err := dir.Remove("tok"); err != nil {
				t.Error(err)
			}
			if err := dir.Remove("tok"); !errors.Is(err, helper.ErrNotFound) {
				t.Errorf("remove what is absent: %v", err)
			}
			if files, err := os.ReadDir(dir.Folder()); err != nil || len(files) > 0 {
				t.Errorf("left: %v, %v", files, err)
			}
		})
	}
}

func TestAtOtherPlaces(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	dir := shimdir.New(root)
	if err := dir.Add("tok", program(t), []string{"get"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir.ArgsPath("bad"), []byte(`{"version":1,"args":"get"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(root, "loop")
	if err := os.Symlink(loop, loop); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		loop:                       helper.ErrNotFound,
		filepath.Join(root, "tok"): helper.ErrNotFound,
		dir.Path("other"):          helper.ErrNotFound,
		dir.Path("bad"):            helper.ErrCorrupt,
		dir.ArgsPath("tok"):        helper.ErrNotFound,
	} {
		if args, _, err := shimdir.Resolve(path); !errors.Is(err, want) || args != nil {
			t.Errorf("At(%s) = %q, %v; want %v", path, args, err, want)
		}
	}
}
