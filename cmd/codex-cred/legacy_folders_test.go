package main

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oddNames returns names of folders with special characters of patterns, shells, formats and
// regular expressions.
func oddNames() []string {
	names := []string{"plain", "a b", "[home]", "[", "a]b", "{a,b}", "(x", "%s%d", "$HOME", "~", "-rf", "'q'", "é", "#!"}
	if runtime.GOOS != "windows" {
		names = append(names, "*", "?", `\`, `a\*b`, "new\nline", "\"q\"", "a|b", "<>", "tab\t")
	}
	return names
}

// TestTraces_OddHomes checks that files of an older tool are found and deleted in a home directory
// of any name, and that the directories beside it are left alone.
func TestTraces_OddHomes(t *testing.T) {
	t.Parallel()
	left := []string{
		".opencode/oc-codex-multi-auth-accounts.json",
		".opencode/projects/[p]/openai-codex-accounts.json",
		".opencode/projects/[p]/backups/daily-20260102-030405678-0a1b2c.json",
		".opencode/backups/daily-20260102-030405678-0a1b2c.json",
		".local/state/opencode/oc-codex-multi-auth-tui-quota.json",
	}
	base := t.TempDir()
	for _, name := range append(oddNames(), "h", "pl", "azb") {
		for _, file := range left {
			path := filepath.Join(base, name, filepath.FromSlash(file))
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, []byte("{}"), 0o600))
		}
	}
	for _, name := range oddNames() {
		home := filepath.Join(base, name)
		var found []string
		want := make([]string, 0, len(left))
		for _, tr := range traces() {
			for _, a := range tr.artefacts(home) {
				found = append(found, a.where)
				must(t, a.remove(t.Context()))
			}
		}
		for _, file := range left {
			want = append(want, filepath.Join(home, filepath.FromSlash(file)))
		}
		slices.Sort(found)
		slices.Sort(want)
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("home %q (-want +found):\n%s", name, diff)
		}
		if items := olderItems(home); !slices.ContainsFunc(items, func(i foreignItem) bool { return i.name == "accounts:[p]" }) {
			t.Errorf("home %q: the keychain's items of a project are not looked for: %v", name, items)
		}
	}
	for _, name := range []string{"h", "pl", "azb"} {
		if _, err := os.Stat(filepath.Join(base, name, filepath.FromSlash(left[0]))); err != nil {
			t.Errorf("what is in another home went: %v", err)
		}
	}
}

func TestFoldersBelow(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	for _, dir := range []string{"a/x", "a/y/in", "b"} {
		must(t, os.MkdirAll(filepath.Join(base, filepath.FromSlash(dir)), 0o700))
	}
	must(t, os.WriteFile(filepath.Join(base, "a", "file"), nil, 0o600))
	for _, c := range []struct {
		path string
		want []string
	}{
		{"a/*", []string{"a/x", "a/y"}},
		{"a/*/in", []string{"a/x/in", "a/y/in"}},
		{"b/*", []string{}},
		{"none/*", []string{}},
		{"a", []string{"a"}},
		{"", []string{"."}},
	} {
		got, err := foldersBelow(base, c.path)
		must(t, err)
		below := make([]string, 0, len(got))
		for _, folder := range got {
			rel, err := filepath.Rel(base, folder)
			must(t, err)
			below = append(below, filepath.ToSlash(rel))
		}
		if diff := cmp.Diff(c.want, below); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.path, diff)
		}
	}
}
