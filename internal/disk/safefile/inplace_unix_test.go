//go:build unix

package safefile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

func write(f *safefile.InPlace, text string, offset int64) error {
	n, err := f.WriteAt([]byte(text), offset)
	if err == nil && n != len(text) {
		return fmt.Errorf("wrote %d of %d bytes", n, len(text))
	}
	return err
}

func TestOpen_OverwritesInPlace(t *testing.T) {
	t.Parallel()
	d := place(t)
	before, err := os.Stat(d.Path("file"))
	must(t, err)
	f, err := d.Open("file")
	must(t, err)
	defer func() { must(t, f.Close()) }()
	must(t, errors.Join(write(f, "ne", 1), f.SyncData(), write(f, "w.", 5), f.Sync()))
	const want = "one\x00\x00w."
	if got, err := d.Read("file", limit); err != nil || string(got) != want {
		t.Errorf("Read = %q, %v; want %q", got, err, want)
	}
	if size, err := f.Size(); err != nil || size != int64(len(want)) {
		t.Errorf("Size = %d, %v; want %d", size, err, len(want))
	}
	b := make([]byte, 10)
	if n, err := f.ReadAt(b, 1); err != nil || string(b[:n]) != want[1:] {
		t.Errorf("ReadAt = %q, %v; want %q", b[:n], err, want[1:])
	}
	if after, err := os.Stat(d.Path("file")); err != nil || !os.SameFile(before, after) {
		t.Errorf("the file was replaced: %v", err)
	}
}

func TestOpen_MakesWhatIsAbsent(t *testing.T) {
	t.Parallel()
	d := safefile.Dir{Root: filepath.Join(t.TempDir(), "parent", "root"), Name: "dir"}
	must(t, open(d, "file"))
	if got, err := d.Read("file", limit); err != nil || len(got) > 0 {
		t.Errorf("Read = %q, %v; want an empty file", got, err)
	}
}

// TestInPlace_Closed checks that every error names the action and the path.
func TestInPlace_Closed(t *testing.T) {
	t.Parallel()
	d := place(t)
	f, err := d.Open("file")
	must(t, err)
	must(t, f.Close())
	_, sizeErr := f.Size()
	_, readErr := f.ReadAt(make([]byte, 1), 0)
	for doing, err := range map[string]error{
		"open": sizeErr, "read": readErr, "write": write(f, "x", 0), "close": f.Close(),
	} {
		if want := doing + " " + d.Path("file") + ": unavailable"; !errors.Is(err, helper.ErrUnavailable) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, err := range []error{f.Sync(), f.SyncData()} {
		if !errors.Is(err, helper.ErrUnavailable) {
			t.Errorf("Sync = %v, want ErrUnavailable", err)
		}
	}
}

func TestOpen_Pipe(t *testing.T) {
	t.Parallel()
	d := place(t)
	must(t, syscall.Mkfifo(d.Path("pipe"), 0o600))
	wantUnsafe(t, "Open", open(d, "pipe"), d.Path("pipe"), "is not a regular file")
}
