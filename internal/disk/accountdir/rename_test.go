package accountdir_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
)

const (
	workID = helper.ID("0123456789abcdef0123456789abcdef")
	playID = helper.ID("fedcba9876543210fedcba9876543210")
)

// newDir returns a directory with an account for each name and id.
func newDir(t *testing.T, ids map[string]helper.ID) *accountdir.Dir {
	t.Helper()
	d := accountdir.New(filepath.Join(t.TempDir(), "root"), func() time.Time { return time.Unix(1_800_000_000, 0) })
	for name, id := range ids {
		if _, err := d.Update(name, func(a *helper.Account) error { a.ID, a.Store = id, "file"; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// wantNames wants exactly these accounts, with their ids.
func wantNames(t *testing.T, d *accountdir.Dir, ids map[string]helper.ID) {
	t.Helper()
	names, err := d.List()
	if err != nil || len(names) != len(ids) {
		t.Errorf("the accounts are %q, %v; want %v", names, err, ids)
	}
	for name, id := range ids {
		if a, err := d.Load(name); err != nil || a.ID != id || a.Name != name {
			t.Errorf("%s is %+v, %v; want the id %s", name, a, err, id)
		}
	}
}

func TestRename(t *testing.T) {
	d := newDir(t, map[string]helper.ID{"work": workID})
	before, _ := d.Load("work")
	if err := d.Rename("work", "play"); err != nil {
		t.Fatal(err)
	}
	wantNames(t, d, map[string]helper.ID{"play": workID})
	after, _ := d.Load("play")
	before.Name = "play"
	if after.Created != before.Created || after.ID != before.ID {
		t.Errorf("%+v became %+v", before, after)
	}
	content, err := os.ReadFile(d.Path("play"))
	if err != nil || strings.Contains(string(content), "renamed_to") || strings.Contains(string(content), "work") {
		t.Errorf("the file still tells the old name: %s, %v", content, err)
	}
}

func TestRenameIsRefused(t *testing.T) {
	for _, c := range []struct {
		what, from, to string
		erasing        bool
		want           error
	}{
		{"no such account", "nobody", "somebody", false, helper.ErrNotFound},
		{"the name is taken", "work", "play", false, helper.ErrInvalid},
		{"the name is the same", "work", "work", false, helper.ErrInvalid},
		{"the name is none", "work", "../work", false, helper.ErrInvalid},
		{"it is being erased", "work", "lab", true, helper.ErrErasing},
	} {
		t.Run(c.what, func(t *testing.T) {
			both := map[string]helper.ID{"work": workID, "play": playID}
			d := newDir(t, both)
			if _, err := d.Update("work", func(a *helper.Account) error { a.Erasing = c.erasing; return nil }); err != nil {
				t.Fatal(err)
			}
			if err := d.Rename(c.from, c.to); !errors.Is(err, c.want) {
				t.Errorf("Rename: %v, want %v", err, c.want)
			}
			wantNames(t, d, both)
		})
	}
}

// TestRenameOverADamagedFile checks that an unreadable file also takes the name.
func TestRenameOverADamagedFile(t *testing.T) {
	d := newDir(t, map[string]helper.ID{"work": workID, "play": playID})
	if err := os.WriteFile(d.Path("play"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename("work", "play"); !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("Rename: %v", err)
	}
	if content, _ := os.ReadFile(d.Path("play")); string(content) != "{" {
		t.Errorf("the file became %q", content)
	}
}

// TestRenameIsKilled creates the files that an interruption between two steps leaves.
func TestRenameIsKilled(t *testing.T) {
	marked := func(t *testing.T, d *accountdir.Dir) {
		t.Helper()
		content, err := os.ReadFile(d.Path("work"))
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(content), `"name":"work"`, `"name":"work","renamed_to":"play"`, 1)
		if err := os.WriteFile(d.Path("work"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("after the mark", func(t *testing.T) {
		d := newDir(t, map[string]helper.ID{"work": workID})
		marked(t, d)
		wantNames(t, d, map[string]helper.ID{"work": workID})
		if err := d.Rename("work", "lab"); err != nil {
			t.Fatal(err)
		}
		wantNames(t, d, map[string]helper.ID{"lab": workID})
	})
	t.Run("after the file has its new name", func(t *testing.T) {
		d := newDir(t, map[string]helper.ID{"work": workID})
		marked(t, d)
		if err := os.Rename(d.Path("work"), d.Path("play")); err != nil {
			t.Fatal(err)
		}
		wantNames(t, d, map[string]helper.ID{"play": workID})
		if err := d.Rename("work", "play"); !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("the same Rename: %v", err)
		}
		if _, err := d.Update("play", func(*helper.Account) error { return nil }); err != nil {
			t.Fatal(err)
		}
		wantNames(t, d, map[string]helper.ID{"play": workID})
	})
}

func TestRenameOfTheDefault(t *testing.T) {
	for _, c := range []struct{ chosen, from, to, want string }{
		{"work", "work", "lab", "lab"},
		{"default", "default", "lab", "lab"},
		{"work", "work", "default", "default"},
		{"play", "work", "lab", "play"},
	} {
		d := newDir(t, map[string]helper.ID{c.from: workID, "play": playID})
		if err := d.SetDefault(c.chosen); err != nil {
			t.Fatal(err)
		}
		if err := d.Rename(c.from, c.to); err != nil {
			t.Fatal(err)
		}
		wantDefault(t, d, c.want)
		if c.want == helper.DefaultAccount && d.HasDefault() {
			t.Error("a choice is left that says nothing")
		}
	}
}
