package journal_test

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
)

// A damaged journal has a sending mark of text bytes and an answer up to end.
type damaged struct {
	d         *journal.Dir
	f         *os.File
	content   []byte
	text, end int
}

func damage(t *testing.T) damaged {
	t.Helper()
	d := newDir(t)
	openAnswered(t, d, []byte("the answer"))
	content := mustRead(t, d)
	text := len(bytes.TrimRight(content[:block], "\x00"))
	end := block + len("ccanswer") + 4 + 12 + len("the answer") + 16
	f, err := os.OpenFile(d.Path(id), os.O_RDWR, 0)
	must(t, err)
	t.Cleanup(func() { must(t, f.Close()) })
	must(t, f.Truncate(int64(end)))
	return damaged{d: d, f: f, content: content[:end], text: text, end: end}
}

// check reads a journal whose byte at the offset has been changed.
func (d damaged) check(t *testing.T, what string, at int) {
	t.Helper()
	got, err := d.d.Read(id, key())
	switch {
	case at < block && errors.Is(err, helper.ErrCorrupt) && cmp.Equal(got, journal.Entry{}):
	case at >= block && err == nil && got.Mark == mark(journal.StateSending) && got.Answer == nil:
	default:
		t.Errorf("%s %d: Read = %+v, %v", what, at, got, err)
	}
}

func (d damaged) set(t *testing.T, at int, b byte) {
	t.Helper()
	_, err := d.f.WriteAt([]byte{b}, int64(at))
	must(t, err)
}

// TestRead_FlippedBit checks that no flipped bit makes another mark or another answer.
func TestRead_FlippedBit(t *testing.T) {
	t.Parallel()
	d := damage(t)
	for at, b := range d.content {
		if testing.Short() && at%shortStride != 0 {
			continue
		}
		for bit := range 8 {
			if padding := at >= d.text && at < block; padding && bit != at%8 {
				continue
			}
			d.set(t, at, b^1<<bit)
			d.check(t, "a flipped bit at", at)
		}
		d.set(t, at, b)
	}
	wantEntry(t, d.d, journal.Entry{Mark: mark(journal.StateSending), Answer: []byte("the answer")})
}

// shortStride is the step between cases in go test -short.
const shortStride = 29

// TestRead_Cut checks that missing bytes of the mark's block count as zeros.
func TestRead_Cut(t *testing.T) {
	t.Parallel()
	d := damage(t)
	for size := d.end - 1; size > 0; size-- {
		if testing.Short() && size%shortStride != 0 {
			continue
		}
		must(t, d.f.Truncate(int64(size)))
		if size >= d.text && size < block {
			wantEntry(t, d.d, journal.Entry{Mark: mark(journal.StateSending)})
			continue
		}
		d.check(t, "cut to", size)
	}
}
