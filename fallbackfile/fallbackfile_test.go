package fallbackfile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
)

const name = "0123456789abcdef0123456789abcdef"

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) func() helper.Store {
		root := filepath.Join(t.TempDir(), "root")
		return func() helper.Store { return fallbackfile.New(root) }
	})
}

// place makes a store with one item, "old".
func place(t *testing.T) (*fallbackfile.Store, helper.Version) {
	t.Helper()
	s := fallbackfile.New(filepath.Join(t.TempDir(), "root"))
	v, err := s.Put(t.Context(), name, []byte("old"), "")
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func wantFile(t *testing.T, path, content string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("%s holds %.40q, %v; want %.40q", path, got, err, content)
	}
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]string, 0, len(entries))
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		t.Errorf("files in %s (-want +got):\n%s", dir, diff)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	s := fallbackfile.New("/root")
	for item, file := range map[string]string{name: name, name + "/journal": name + ".journal"} {
		if want := filepath.Join("/root", "credentials", file); s.Path(item) != want {
			t.Errorf("Path(%q) = %s, want %s", item, s.Path(item), want)
		}
	}
}

func TestReadsCreateNothing(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	s := fallbackfile.New(filepath.Join(top, "root"))
	_, _, getErr := s.Get(t.Context(), name)
	_, putErr := s.Put(t.Context(), name, []byte("x"), "another version")
	names, listErr := s.List(t.Context())
	if !errors.Is(getErr, helper.ErrNotFound) || !errors.Is(putErr, helper.ErrConflict) ||
		listErr != nil || len(names) > 0 {
		t.Errorf("Get: %v, Put: %v, List: %q, %v", getErr, putErr, names, listErr)
	}
	if err := s.Delete(t.Context(), name, ""); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Delete = %v, want ErrNotFound", err)
	}
	wantFiles(t, top)
}

func TestPut_TooLarge(t *testing.T) {
	t.Parallel()
	s, v := place(t)
	if _, err := s.Put(t.Context(), name, make([]byte, 8<<20+1), v); !errors.Is(err, helper.ErrTooLarge) {
		t.Errorf("Put = %v, want ErrTooLarge", err)
	}
	wantFile(t, s.Path(name), "old")
	largest := bytes.Repeat([]byte("x"), 8<<20)
	if _, err := s.Put(t.Context(), name, largest, v); err != nil {
		t.Fatal(err)
	}
	if got, _, err := s.Get(t.Context(), name); err != nil || !bytes.Equal(got, largest) {
		t.Errorf("the largest item came back as %d bytes, %v", len(got), err)
	}
}

func TestGet_TooLong(t *testing.T) {
	t.Parallel()
	s, v := place(t)
	content := string(make([]byte, 8<<20+1))
	if err := os.WriteFile(s.Path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, getErr := s.Get(t.Context(), name)
	_, putErr := s.Put(t.Context(), name, []byte("new"), v)
	for doing, err := range map[string]error{"Get": getErr, "Put": putErr, "Delete": s.Delete(t.Context(), name, v)} {
		if !errors.Is(err, helper.ErrCorrupt) {
			t.Errorf("%s = %v, want ErrCorrupt", doing, err)
		}
	}
	wantFile(t, s.Path(name), content)
}

// TestDelete_TakesTemps checks that Delete removes the temporary file of an interrupted Put, beside
// the item or, after a first sign-in, alone.
func TestDelete_TakesTemps(t *testing.T) {
	t.Parallel()
	s, v := place(t)
	dir, temp := filepath.Dir(s.Path(name)), "."+name+".42.tmp"
	for _, item := range []struct {
		v    helper.Version
		want error
	}{{v, nil}, {"", helper.ErrNotFound}} {
		if err := os.WriteFile(filepath.Join(dir, temp), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(t.Context(), name, item.v); !errors.Is(err, item.want) {
			t.Errorf("Delete = %v, want %v", err, item.want)
		}
		wantFiles(t, dir)
	}
}

func TestList_KnowsItsOwn(t *testing.T) {
	t.Parallel()
	s, _ := place(t)
	for _, file := range []string{"note.txt", "." + name + ".42.tmp", name + ".journal", name + ".a.b"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(s.Path(name)), file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names, err := s.List(t.Context())
	if diff := cmp.Diff([]string{name, name + "/journal"}, names); diff != "" || err != nil {
		t.Errorf("List: %v, (-want +got):\n%s", err, diff)
	}
}
