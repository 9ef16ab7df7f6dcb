package journal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// disk mounts a small file system.
func disk(t *testing.T, options string) *journal.Dir {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	must(t, os.Mkdir(root, 0o700))
	parts.Need(t, "tmpfs", syscall.Mount("tmpfs", root, "tmpfs", 0, options+",mode=700"))
	t.Cleanup(func() { must(t, syscall.Unmount(root, syscall.MNT_DETACH)) })
	return journal.New(root)
}

func ballast(d *journal.Dir) string { return filepath.Join(filepath.Dir(d.Folder()), "ballast") }

func fillUp(t *testing.T, d *journal.Dir) {
	t.Helper()
	if err := os.WriteFile(ballast(d), make([]byte, 4<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk does not run full: %v", err)
	}
}

// TestOpen_DiskFull checks that a failed Open leaves an empty journal, and that a later Open with
// enough space succeeds.
func TestOpen_DiskFull(t *testing.T) {
	t.Parallel()
	for _, free := range []int{0, 4 << 10, 8 << 10, 40 << 10, 64 << 10} {
		d := disk(t, "size=1m")
		fillUp(t, d)
		info, err := os.Stat(ballast(d))
		must(t, err)
		must(t, os.Truncate(ballast(d), info.Size()-int64(free)))
		for range 2 {
			if j, err := d.Open(id, key()); !errors.Is(err, helper.ErrFull) || j != nil {
				t.Errorf("Open with %d bytes free = %v, want ErrFull", free, err)
			}
			wantEmpty(t, d)
		}
		must(t, os.Remove(ballast(d)))
		openAnswered(t, d, []byte("answer"))
		wantEntry(t, d, journal.Entry{Mark: mark(journal.StateSending), Answer: []byte("answer")})
	}
	d := disk(t, "nr_inodes=2")
	if _, err := d.Open(id, key()); !errors.Is(err, helper.ErrFull) {
		t.Errorf("Open without inodes = %v, want ErrFull", err)
	}
	wantEmpty(t, d)
}

// TestRotation_DiskFull checks that an open journal needs no more space for an answer of up to 64
// KiB, and that a longer one fails without an answer.
func TestRotation_DiskFull(t *testing.T) {
	t.Parallel()
	d := disk(t, "size=1m")
	j := mustOpen(t, d)
	fillUp(t, d)
	sending := journal.Entry{Mark: mark(journal.StateSending)}
	must(t, errors.Join(j.Mark(mark(journal.StateIntent)), j.Mark(sending.Mark)))
	if err := j.Answer(bytes.Repeat([]byte("x"), 70<<10)); !errors.Is(err, helper.ErrFull) {
		t.Errorf("Answer of 70 KiB = %v, want ErrFull", err)
	}
	wantEntry(t, d, sending)
	if err := j.Mark(sending.Mark); !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("Mark after a part of an answer = %v, want ErrInvalid", err)
	}
	for range 2 {
		sending.Answer = bytes.Repeat([]byte("y"), 65_000)
		must(t, j.Answer(sending.Answer))
		wantEntry(t, d, sending)
		must(t, j.Empty())
		if content := mustRead(t, d); len(bytes.Trim(content, "\x00")) > 0 {
			t.Errorf("an empty journal of %d bytes is not all zeros", len(content))
		}
		must(t, j.Mark(sending.Mark))
	}
}

func TestOpen_ReadOnlyDisk(t *testing.T) {
	t.Parallel()
	for _, before := range []func(d *journal.Dir){
		func(*journal.Dir) {},
		func(d *journal.Dir) { must(t, openAnswered(t, d, []byte("answer")).Close()) },
	} {
		d := disk(t, "size=1m")
		before(d)
		must(t, syscall.Mount("tmpfs", filepath.Dir(d.Folder()), "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
		if _, err := d.Open(id, key()); !errors.Is(err, helper.ErrUnavailable) {
			t.Errorf("Open = %v, want ErrUnavailable", err)
		}
	}
}
