//go:build unix

package journal_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/reexec"
)

func TestMain(m *testing.M) { reexec.Main(m, child) }

// child runs in its own process, under the root args[1].
func child(args []string) error {
	d := journal.New(args[1])
	if args[0] == "rotate" {
		return rotate(d)
	}
	syscall.Umask(0o777)
	j, err := d.Open(id, key())
	if err != nil {
		return err
	}
	defer func() { _ = j.Close() }()
	return filepath.Walk(args[1], func(path string, info fs.FileInfo, err error) error {
		_, _ = fmt.Fprintf(os.Stdout, "%s %v\n", filepath.Base(path), info.Mode())
		return err
	})
}

// rotate repeats rotations until standard input closes; the answer of each attempt is its name.
func rotate(d *journal.Dir) error {
	ended := make(chan error)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		ended <- err
	}()
	for i := 0; ; i++ {
		select {
		case err := <-ended:
			return err
		default:
		}
		intent, sending := mark(journal.StateIntent), mark(journal.StateSending)
		intent.Attempt, intent.Generation = fmt.Sprint("attempt-", i), uint64(i)
		sending.Attempt, sending.Generation = intent.Attempt, intent.Generation
		j, err := d.Open(id, key())
		if err != nil {
			return err
		}
		answer := []byte(strings.Repeat(intent.Attempt, 500))
		if err := errors.Join(j.Mark(intent), j.Mark(sending), j.Answer(answer), j.Close(), d.Remove(id)); err != nil {
			return err
		}
	}
}

// TestRead_BesideAWriter checks that a reader without the lock sees the content of one moment,
// never a mixture.
func TestRead_BesideAWriter(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	d, writer, seen := journal.New(root), reexec.Start(t, "rotate", root), map[string]int{}
	for reads := 0; reads < 2000 || len(seen) < 4; reads++ {
		seen[readState(t, d)]++
		if t.Failed() {
			t.FailNow()
		}
	}
	if out := writer.Rest(t); out != "" {
		t.Error(out)
	}
}

// readState reads once and names what it found.
func readState(t *testing.T, d *journal.Dir) string {
	t.Helper()
	e, err := d.Read(id, key())
	want := mark(e.State)
	want.Attempt, want.Generation = fmt.Sprint("attempt-", e.Generation), e.Generation
	switch {
	case errors.Is(err, helper.ErrNotFound):
		return "empty"
	case err != nil:
		t.Error(err)
	case e.Mark != want:
		t.Errorf("Read = %+v, which was never written", e.Mark)
	case e.Answer == nil:
		return string(e.State)
	case string(e.Answer) != strings.Repeat(e.Attempt, 500):
		t.Errorf("%s has the answer %.50q", e.Attempt, e.Answer)
	}
	return string(e.State) + " and answer"
}

func TestModesWhateverTheUmask(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	want := "root drwx------\njournal drwx------\n" + string(id) + " -rw-------"
	if diff := cmp.Diff(want, reexec.Run(t, "umask", root)); diff != "" {
		t.Errorf("modes (-want +got):\n%s", diff)
	}
}
