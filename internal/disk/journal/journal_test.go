package journal_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

const (
	id    = helper.ID("0123456789abcdef0123456789abcdef")
	other = helper.ID("00000000000000000000000000000000")
	// block is the offset of the answer.
	block = 4096
)

func key() []byte { return bytes.Repeat([]byte("k"), 32) }

func mark(state journal.State) journal.Mark {
	sum := sha256.Sum256([]byte("refresh token"))
	return journal.Mark{
		Attempt: "attempt-1", ID: id, Generation: 7, Token: hex.EncodeToString(sum[:]),
		Time: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), Host: "host_1", State: state,
	}
}

func newDir(t testing.TB) *journal.Dir {
	t.Helper()
	return journal.New(filepath.Join(t.TempDir(), "root"))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t testing.TB, d *journal.Dir) *journal.Journal {
	t.Helper()
	j, err := d.Open(id, key())
	must(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

// openAnswered makes a journal with an answer.
func openAnswered(t testing.TB, d *journal.Dir, answer []byte) *journal.Journal {
	t.Helper()
	j := mustOpen(t, d)
	must(t, errors.Join(j.Mark(mark(journal.StateIntent)), j.Mark(mark(journal.StateSending)), j.Answer(answer)))
	return j
}

func mustRead(t testing.TB, d *journal.Dir) []byte {
	t.Helper()
	content, err := os.ReadFile(d.Path(id))
	must(t, err)
	return content
}

func put(t testing.TB, d *journal.Dir, id helper.ID, content []byte) {
	t.Helper()
	must(t, os.MkdirAll(d.Folder(), 0o700))
	must(t, os.WriteFile(d.Path(id), content, 0o600))
}

func wantEntry(t *testing.T, d *journal.Dir, want journal.Entry) {
	t.Helper()
	got, err := d.Read(id, key())
	if err != nil || got.Mark != want.Mark || (got.Answer == nil) != (want.Answer == nil) || !bytes.Equal(got.Answer, want.Answer) {
		t.Errorf("Read = %+v and %d bytes, %v\nwant %+v and %d bytes", got.Mark, len(got.Answer), err, want.Mark, len(want.Answer))
	}
}

func wantEmpty(t *testing.T, d *journal.Dir) {
	t.Helper()
	if e, err := d.Read(id, key()); !errors.Is(err, helper.ErrNotFound) || !cmp.Equal(e, journal.Entry{}) {
		t.Errorf("Read = %+v, %v; want nothing and ErrNotFound", e, err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string][]byte{
		"empty":   {},
		"short":   []byte("200\n{}"),
		"all":     bytes.Repeat([]byte{0xff, 0}, 32<<10-20),
		"longer":  bytes.Repeat([]byte("x"), 64<<10),
		"longest": bytes.Repeat([]byte("x"), 8<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDir(t)
			for range 2 {
				j := mustOpen(t, d)
				wantEmpty(t, d)
				must(t, j.Mark(mark(journal.StateIntent)))
				wantEntry(t, d, journal.Entry{Mark: mark(journal.StateIntent)})
				must(t, j.Mark(mark(journal.StateSending)))
				wantEntry(t, d, journal.Entry{Mark: mark(journal.StateSending)})
				must(t, j.Answer(answer))
				wantEntry(t, d, journal.Entry{Mark: mark(journal.StateSending), Answer: answer})
				wantKept(t, d)
				must(t, j.Empty())
				wantEmpty(t, d)
				must(t, errors.Join(j.Mark(mark(journal.StateSending)), j.Close()))
				wantEntry(t, d, journal.Entry{Mark: mark(journal.StateSending)})
				wantKept(t, d)
				must(t, d.Remove(id))
			}
		})
	}
}

// TestMark_BesideAnother has two holders of the lock, because the lock's file was absent. The later
// one must neither overwrite nor erase what the other wrote.
func TestMark_BesideAnother(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	late, early := mustOpen(t, d), mustOpen(t, d)
	must(t, early.Mark(mark(journal.StateSending)))
	for name, err := range map[string]error{"Mark": late.Mark(mark(journal.StateIntent)), "Withdraw": late.Withdraw()} {
		if !errors.Is(err, helper.ErrConflict) || !strings.Contains(err.Error(), d.Path(id)) {
			t.Errorf("%s = %v, want ErrConflict", name, err)
		}
	}
	wantEntry(t, d, journal.Entry{Mark: mark(journal.StateSending)})
	must(t, early.Withdraw())
	if _, err := d.Read(id, key()); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("after Withdraw Read = %v, want ErrNotFound", err)
	}
}

// wantKept wants Open to refuse the file and to leave it unchanged.
func wantKept(t *testing.T, d *journal.Dir) {
	t.Helper()
	content := mustRead(t, d)
	if _, err := d.Open(id, key()); !errors.Is(err, helper.ErrConflict) || !strings.Contains(err.Error(), d.Path(id)) {
		t.Errorf("Open of what another rotation left = %v, want ErrConflict", err)
	}
	if !bytes.Equal(content, mustRead(t, d)) {
		t.Error("Open changed what another rotation left")
	}
}

// TestFile fixes the format that other versions of codex-cred read.
func TestFile(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	j := mustOpen(t, d)
	if content := mustRead(t, d); len(content) != block+64<<10 || len(bytes.Trim(content, "\x00")) > 0 {
		t.Errorf("an open journal has %d bytes, want zeros for a mark and 64 KiB", len(content))
	}
	must(t, errors.Join(j.Mark(mark(journal.StateSending)), j.Answer([]byte("answer"))))
	content := mustRead(t, d)
	want := `{"version":1,"attempt":"attempt-1","id":"0123456789abcdef0123456789abcdef","generation":7,` +
		`"token":"e0f86a1300873f78f49b4b76805d54f8bd245cc3b381474980c07ff41a942ff1",` +
		`"time":"2026-05-01T12:00:00Z","host":"host_1","state":"sending"}`
	sum := sha256.Sum256([]byte(want))
	want += "\n" + hex.EncodeToString(sum[:16]) + "\n"
	if diff := cmp.Diff(want, string(bytes.TrimRight(content[:block], "\x00"))); diff != "" {
		t.Errorf("the mark (-want +got):\n%s", diff)
	}
	if head := "ccanswer\x00\x00\x00\x22"; !strings.HasPrefix(string(content[block:]), head) {
		t.Errorf("the answer begins with %q, want %q", content[block:][:12], head)
	}
}

func TestRead_Empty(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	absent := journal.New(filepath.Join(top, "root"))
	wantEmpty(t, absent)
	if err := absent.Remove(id); !errors.Is(err, helper.ErrNotFound) {
		t.Errorf("Remove = %v, want ErrNotFound", err)
	}
	if files, err := absent.Files(); err != nil || len(files) > 0 {
		t.Errorf("Files = %q, %v; want none", files, err)
	}
	if entries, err := os.ReadDir(top); err != nil || len(entries) > 0 {
		t.Errorf("they made %v, %v", entries, err)
	}
	for _, size := range []int{0, 1, 511, block - 1, block, block + 1, block + 64<<10} {
		d := newDir(t)
		put(t, d, id, make([]byte, size))
		wantEmpty(t, d)
		must(t, openAnswered(t, d, []byte("answer")).Close())
	}
}

func TestRead_UnlessItIsTheOne(t *testing.T) {
	t.Parallel()
	whole := newDir(t)
	openAnswered(t, whole, []byte("answer"))
	content := mustRead(t, whole)
	for name, change := range map[string]func(m *journal.Mark){
		"attempt":    func(m *journal.Mark) { m.Attempt = "attempt-2" },
		"generation": func(m *journal.Mark) { m.Generation++ },
	} {
		d, m := newDir(t), mark(journal.StateSending)
		change(&m)
		must(t, mustOpen(t, d).Mark(m))
		put(t, d, id, append(mustRead(t, d)[:block], content[block:]...))
		t.Run("another "+name, func(t *testing.T) { wantEntry(t, d, journal.Entry{Mark: m}) })
	}
	theirs, m := newDir(t), mark(journal.StateSending)
	m.ID = other
	j, err := theirs.Open(other, key())
	must(t, err)
	must(t, errors.Join(j.Mark(m), j.Close()))
	theirMark, err := os.ReadFile(theirs.Path(other))
	must(t, err)
	put(t, theirs, other, append(theirMark[:block], content[block:]...))
	if e, err := theirs.Read(other, key()); err != nil || e.Answer != nil || e.Mark != m {
		t.Errorf("Read of an answer to another sign-in = %+v, %v; want the mark alone", e, err)
	}
	wrong := key()
	wrong[31]++
	if e, err := whole.Read(id, wrong); err != nil || e.Answer != nil || e.Mark != mark(journal.StateSending) {
		t.Errorf("Read with another key = %+v, %v; want the mark alone", e, err)
	}
	put(t, whole, other, content)
	if e, err := whole.Read(other, key()); !errors.Is(err, helper.ErrCorrupt) || !cmp.Equal(e, journal.Entry{}) {
		t.Errorf("Read of another sign-in's journal = %+v, %v; want ErrCorrupt", e, err)
	}
	d := newDir(t)
	must(t, mustOpen(t, d).Mark(mark(journal.StateIntent)))
	put(t, d, id, append(mustRead(t, d)[:block], content[block:]...))
	wantEntry(t, d, journal.Entry{Mark: mark(journal.StateIntent)})
}

// TestNoSecretOnDisk checks that no part of the answer is ever readable in the file, and that
// nothing sealed is left at the end.
func TestNoSecretOnDisk(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	d, token := journal.New(root), rand.Text()+rand.Text()+rand.Text()
	answer := bytes.Repeat([]byte(`200 {"refresh_token":"`+token+`"}`), 1000) // longer than the space
	var j *journal.Journal
	for _, step := range []func() error{
		func() (err error) { j, err = d.Open(id, key()); return err },
		func() error { return j.Mark(mark(journal.StateIntent)) },
		func() error { return j.Mark(mark(journal.StateSending)) },
		func() error { return j.Answer(answer) },
		func() error { return j.Empty() },
		func() error { return j.Close() },
	} {
		must(t, step())
		for _, leak := range leakscan.Tree([]string{token}, root) {
			t.Error(leak)
		}
	}
	if content := mustRead(t, d); len(content) < len(answer) || len(bytes.Trim(content, "\x00")) > 0 {
		t.Errorf("%d bytes are left and not all zeros", len(content))
	}
}

func TestAnswer_SealedAnew(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	openAnswered(t, d, []byte("answer"))
	first := mustRead(t, d)
	must(t, d.Remove(id))
	openAnswered(t, d, []byte("answer"))
	if second := mustRead(t, d); bytes.Equal(first, second) || !bytes.Equal(first[:block], second[:block]) {
		t.Error("one answer under one mark was sealed twice with the same nonce")
	}
}
