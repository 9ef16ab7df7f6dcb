package safefile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

func TestReadsCreateNothing(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	d := safefile.Dir{Root: filepath.Join(top, "root"), Name: "dir"}
	if _, err := d.Read("file", 10); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Read = %v, want ErrNotFound", err)
	}
	if err := d.Check(); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Check = %v, want ErrNotFound", err)
	}
	if err := d.CheckFile("file"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("CheckFile = %v, want ErrNotFound", err)
	}
	if err := d.Remove("file"); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Remove = %v, want ErrNotFound", err)
	}
	if names, err := d.Names(); err != nil || len(names) > 0 {
		t.Errorf("Names = %q, %v; want none", names, err)
	}
	if entries, err := os.ReadDir(top); err != nil || len(entries) > 0 {
		t.Errorf("they made %v, %v", entries, err)
	}
}

func TestWriteReadRemove(t *testing.T) {
	t.Parallel()
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "a", "root"), Name: "dir"}
	for _, content := range [][]byte{[]byte("first"), {}, bytes.Repeat([]byte("x"), 100_000)} {
		if err := d.Write("file", content); err != nil {
			t.Fatal(err)
		}
		if got, err := d.Read("file", 100_000); err != nil || !bytes.Equal(got, content) {
			t.Errorf("Read = %d bytes, %v; want %d", len(got), err, len(content))
		}
	}
	if _, err := d.Read("file", 99_999); !errors.Is(err, helper.ErrCorrupt) {
		t.Errorf("Read of a file over the limit = %v, want ErrCorrupt", err)
	}
	if err := d.Remove("file"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Read("file", 10); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Read after Remove = %v, want ErrNotFound", err)
	}
}

func TestCreateKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "root"), Name: "dir"}
	if err := errors.Join(d.Write("file", []byte("old")), d.Create("file"), d.Create("other")); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Read("file", 10); err != nil || string(got) != "old" {
		t.Errorf("Read = %q, %v; want what was there", got, err)
	}
	names, err := d.Names()
	if diff := cmp.Diff([]string{"file", "other"}, names); diff != "" || err != nil {
		t.Errorf("Names: %v, (-want +got):\n%s", err, diff)
	}
}

// TestRemoveTakesTemps checks that Remove deletes the temporary file of an interrupted Write, which
// may hold a secret.
func TestRemoveTakesTemps(t *testing.T) {
	t.Parallel()
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "root"), Name: "dir"}
	if err := d.Write("a", []byte("old")); err != nil {
		t.Fatal(err)
	}
	others := []string{".a.b.123.tmp", ".a.x.tmp", ".ab.123.tmp", "a.123.tmp"}
	for _, name := range append(others, ".a.123.tmp", ".a.4.tmp") {
		if err := os.WriteFile(d.Path(name), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Remove("a"); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(d.Path(""))
	if err != nil {
		t.Fatal(err)
	}
	left := make([]string, 0, len(entries))
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if diff := cmp.Diff(others, left); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
}
