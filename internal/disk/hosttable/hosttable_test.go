package hosttable_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
)

func host(t *testing.T, text string) wire.Host {
	t.Helper()
	h, err := wire.ParseHost(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func rows(t *testing.T, table *hosttable.Table) []hosttable.Row {
	t.Helper()
	got, err := table.Rows()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestRows(t *testing.T) {
	root := filepath.Join(t.TempDir(), "root")
	table := hosttable.New(root)
	a, b := host(t, "https://a.example"), host(t, "http://127.0.0.1:7777")
	if got := rows(t, table); len(got) > 0 {
		t.Errorf("rows of no table: %v", got)
	}
	if _, err := os.Stat(root); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking left something: %v", err)
	}
	for _, row := range []hosttable.Row{{a, "work", true}, {b, "lab", false}, {a, "lab", false}} {
		if err := table.Put(row); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := rows(t, table), []hosttable.Row{{b, "lab", false}, {a, "lab", false}}; !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v", got, want)
	}
	if got, err := table.Find(a); err != nil || got != (hosttable.Row{Host: a, Account: "lab"}) {
		t.Errorf("Find = %v, %v", got, err)
	}
	if _, err := table.Find(host(t, "a.example:8443")); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Find of another port: %v", err)
	}
	if err := errors.Join(table.Put(hosttable.Row{Host: a, Account: "work"}), table.Rename("lab", "home"), table.Rename("nobody", "work2")); err != nil {
		t.Fatal(err)
	}
	if got, want := rows(t, table), []hosttable.Row{{b, "home", false}, {a, "work", false}}; !slices.Equal(got, want) {
		t.Errorf("after the rename %v, want %v", got, want)
	}
}

func TestNothingIsLeft(t *testing.T) {
	table := hosttable.New(filepath.Join(t.TempDir(), "root"))
	a := host(t, "a.example")
	if err := errors.Join(table.Put(hosttable.Row{Host: a, Account: "work"}), table.Remove(a)); err != nil {
		t.Fatal(err)
	}
	if files, err := table.Files(); err != nil || !slices.Equal(files, []string{table.LockPath()}) {
		t.Errorf("files %q, %v; want only the lock", files, err)
	}
	for name, err := range map[string]error{"Remove": table.Remove(a), "Clear": table.Clear()} {
		if !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("%s of what is absent: %v", name, err)
		}
	}
	if err := table.RemoveLock(); err != nil {
		t.Error(err)
	}
	if err := table.RemoveLock(); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("RemoveLock of what is absent: %v", err)
	}
}

func TestCorrupt(t *testing.T) {
	for name, content := range map[string]string{
		"empty":           ``,
		"cut":             `{"version":1,"hosts":[`,
		"two objects":     `{"version":1,"hosts":[]}{}`,
		"a newer version": `{"version":2,"hosts":[]}`,
		"unknown member":  `{"version":1,"hosts":[],"x":1}`,
		"in clear":        `{"version":1,"hosts":[{"host":"http://a.example","account":"work"}]}`,
		"another form":    `{"version":1,"hosts":[{"host":"https://A.example","account":"work"}]}`,
		"a path":          `{"version":1,"hosts":[{"host":"https://a.example/x","account":"work"}]}`,
		"an odd account":  `{"version":1,"hosts":[{"host":"https://a.example","account":"../x"}]}`,
		"twice":           `{"version":1,"hosts":[{"host":"https://a.example","account":"a"},{"host":"https://a.example","account":"b"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			table := hosttable.New(filepath.Join(t.TempDir(), "root"))
			if err := table.Put(hosttable.Row{Host: host(t, "b.example"), Account: "work"}); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(table.Path(), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, rowsErr := table.Rows()
			_, findErr := table.Find(host(t, "a.example"))
			putErr := table.Put(hosttable.Row{Host: host(t, "a.example"), Account: "work"})
			for _, err := range []error{rowsErr, findErr, putErr} {
				if !errors.Is(err, helper.ErrCorrupt) {
					t.Errorf("%v, want ErrCorrupt", err)
				}
			}
			if got, err := os.ReadFile(table.Path()); err != nil || string(got) != content {
				t.Errorf("the file became %q, %v", got, err)
			}
			if err := table.Clear(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestConcurrent(t *testing.T) {
	table := hosttable.New(filepath.Join(t.TempDir(), "root"))
	var writers sync.WaitGroup
	for i := range 20 {
		h := host(t, fmt.Sprintf("h%02d.example", i))
		writers.Go(func() {
			if err := table.Put(hosttable.Row{Host: h, Account: "work"}); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if got := rows(t, table); len(got) != 20 {
		t.Errorf("%d rows, want 20", len(got))
	}
}
