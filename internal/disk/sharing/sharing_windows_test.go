package sharing

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRetryInUse checks that a call which other processes hinder is repeated, with growing pauses
// up to retryTime, and that any other error is not.
func TestRetryInUse(t *testing.T) {
	t.Parallel()
	refused := fmt.Errorf("open: %w", windows.ERROR_SHARING_VIOLATION)
	for _, c := range []struct {
		name  string
		fails []error // one a call; the last one is repeated
		calls int
		want  error
	}{
		{"at once", []error{nil}, 1, nil},
		{"the third time", []error{refused, windows.ERROR_ACCESS_DENIED, nil}, 3, nil},
		{"for another reason", []error{windows.ERROR_DISK_FULL}, 1, windows.ERROR_DISK_FULL},
		{
			"for another reason then",
			[]error{windows.ERROR_DELETE_PENDING, windows.ERROR_FILE_NOT_FOUND},
			2, windows.ERROR_FILE_NOT_FOUND,
		},
		{"never", []error{refused}, 66, windows.ERROR_SHARING_VIOLATION},
	} {
		calls, waited := 0, time.Duration(0)
		err := retryInUse(func(d time.Duration) { waited += d }, func() error {
			calls++
			return c.fails[min(calls, len(c.fails))-1]
		})
		if !errors.Is(err, c.want) || calls != c.calls {
			t.Errorf("%s: %v after %d calls, want %v after %d", c.name, err, calls, c.want, c.calls)
		}
		if most := retryTime + longPause; waited > most {
			t.Errorf("%s: waited %s, more than %s", c.name, waited, most)
		}
	}
}

// TestOpen_LetsOthers checks that others can replace and delete the file, whose content stays
// readable through the handle.
func TestOpen_LetsOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	must(t, os.WriteFile(path, []byte("old"), 0o600))
	f, err := Open(path, windows.GENERIC_READ)
	must(t, err)
	defer func() { _ = f.Close() }()
	must(t, Remove(path))
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the name is not free: %v", err)
	}
	must(t, os.WriteFile(other, []byte("new"), 0o600))
	must(t, Rename(other, path))
	b := make([]byte, 10)
	if n, err := f.Read(b); err != nil || string(b[:n]) != "old" {
		t.Errorf("who had it open reads %q, %v", b[:n], err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "new" {
		t.Errorf("others read %q, %v", content, err)
	}
}

// TestRename_WaitsForOthers checks a file that another process has open without sharing for a
// moment.
func TestRename_WaitsForOthers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, other := filepath.Join(dir, "file"), filepath.Join(dir, "other")
	must(t, errors.Join(os.WriteFile(path, []byte("old"), 0o600), os.WriteFile(other, []byte("new"), 0o600)))
	rude, err := os.Open(path)
	must(t, err)
	refused := 0
	err = retryInUse(func(time.Duration) {
		if refused++; refused == 3 {
			must(t, rude.Close())
		}
	}, func() error { return os.Rename(other, path) })
	if err != nil || refused < 3 {
		t.Errorf("Rename = %v after %d refusals", err, refused)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "new" {
		t.Errorf("the file holds %q, %v", content, err)
	}
}

func TestAbsent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none")
	_, openErr := Open(path, windows.GENERIC_READ)
	for doing, err := range map[string]error{"open": openErr, "rename": Rename(path, path+"2"), "remove": Remove(path)} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s what is absent: %v", doing, err)
		}
	}
}

func TestLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat(`\directory`, 30)
	for path, want := range map[string]string{
		`C:\short`:            `C:\short`,
		`C:` + long:           `\\?\C:` + long,
		`C:\.` + long:         `\\?\C:` + long,
		`\\host\share` + long: `\\?\UNC\host\share` + long,
		`\\?\C:` + long:       `\\?\C:` + long,
		long[1:]:              long[1:],
	} {
		if got := Long(path); got != want {
			t.Errorf("Long(%s) = %s, want %s", path, got, want)
		}
	}
}
