package journal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
)

const testID = helper.ID("0123456789abcdef0123456789abcdef")

func testMark(state State) Mark {
	return Mark{
		Attempt: "attempt-1", ID: testID, Generation: 7, Token: strings.Repeat("ab", 32),
		Time: time.Date(2026, 5, 1, 12, 0, 0, 1, time.UTC), Host: "host_1", State: state,
	}
}

func testSeal(t testing.TB) seal {
	t.Helper()
	s, err := newSeal(bytes.Repeat([]byte("k"), KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A disk simulates a file after a power loss: any of the sectors that were written and not synced
// may be missing.
type disk struct {
	t       *testing.T
	seal    seal
	answer  []byte
	synced  []byte
	pending map[int][]byte  // sectors by number
	seen    map[string]bool // every state that a power loss could leave since step began
}

func newDisk(t *testing.T, answer []byte) *disk {
	d := &disk{t: t, seal: testSeal(t), answer: answer}
	d.step()
	return d
}

func (d *disk) step() { d.pending, d.seen = map[int][]byte{}, map[string]bool{} }

func (d *disk) WriteAt(b []byte, offset int64) (int, error) {
	if offset%sectorSize != 0 {
		d.t.Errorf("a write at %d is not on the border of a sector", offset)
	}
	for i := 0; i < len(b); i += sectorSize {
		d.pending[(int(offset)+i)/sectorSize] = bytes.Clone(b[i:min(i+sectorSize, len(b))])
	}
	d.lose()
	return len(b), nil
}

func (d *disk) ReadAt(b []byte, offset int64) (int, error) {
	whole := d.after(func(int) bool { return true })
	clear(b)
	return copy(b, whole[min(int(offset), len(whole)):]), nil
}

func (d *disk) Sync() error {
	d.synced = d.after(func(int) bool { return true })
	clear(d.pending)
	d.lose()
	return nil
}

func (d *disk) SyncData() error { return d.Sync() }

func (d *disk) Close() error { return nil }

// after returns the file with those pending sectors that reached the disk.
func (d *disk) after(reached func(nth int) bool) []byte {
	content := bytes.Clone(d.synced)
	for nth, sector := range slices.Sorted(maps.Keys(d.pending)) {
		if !reached(nth) {
			continue
		}
		start, b := sector*sectorSize, d.pending[sector]
		if end := start + len(b); end > len(content) {
			content = append(content, make([]byte, end-len(content))...)
		}
		copy(content[start:], b)
	}
	return content
}

// lose records the states that a power loss at this moment would leave: with the first written
// sectors, with the last ones, and with random ones.
func (d *disk) lose() {
	random := rand.New(rand.NewPCG(1, uint64(len(d.pending))))
	note := func(reached func(nth int) bool) { d.seen[stateOf(d.after(reached), d.seal, d.answer)] = true }
	for cut := 0; cut <= len(d.pending); cut++ {
		note(func(nth int) bool { return nth < cut })
		note(func(nth int) bool { return nth >= cut })
		if cut < 20 {
			note(func(int) bool { return random.IntN(2) == 0 })
		}
	}
}

// stateOf returns what Read would return.
func stateOf(content []byte, s seal, answer []byte) string {
	e, err := read(content, testID, s)
	switch {
	case errors.Is(err, helper.ErrNotFound):
		return "empty"
	case err != nil:
		return err.Error()
	case !cmp.Equal(e.Mark, testMark(e.State)):
		return fmt.Sprintf("%+v", e.Mark)
	case e.Answer == nil:
		return string(e.State)
	case bytes.Equal(e.Answer, answer):
		return string(e.State) + " and answer"
	}
	return string(e.State) + " and another answer"
}

// TestPowerLoss checks that the journal survives a power loss at any moment as it was before the
// current step or as it is after it, and only the latter once the step has returned.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 40, 5000, 70_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			d := newDisk(t, bytes.Repeat([]byte("a"), size))
			j := &Journal{id: testID, seal: d.seal, file: d}
			reopen := func() error {
				j = &Journal{id: testID, seal: d.seal, file: d, end: int64(len(d.synced))}
				return j.wipe()
			}
			intent := func() error { return j.Mark(testMark(StateIntent)) }
			sending := func() error { return j.Mark(testMark(StateSending)) }
			answer := func() error { return j.Answer(d.answer) }
			const answered = "sending and answer"
			for _, step := range []struct {
				name, before, after string
				do                  func() error
			}{
				{"open anew", "empty", "empty", reopen},
				{"intent", "empty", "intent", intent},
				{"sending", "intent", "sending", sending},
				{"answer", "sending", answered, answer},
				{"open after answer", answered, "empty", reopen},
				{"second intent", "empty", "intent", intent},
				{"open after intent", "intent", "empty", reopen},
				{"third intent", "empty", "intent", intent},
				{"third sending", "intent", "sending", sending},
				{"open after sending", "sending", "empty", reopen},
			} {
				d.step()
				if err := step.do(); err != nil {
					t.Fatalf("%s: %v", step.name, err)
				}
				want := slices.Compact(slices.Sorted(slices.Values([]string{step.before, step.after})))
				if diff := cmp.Diff(want, slices.Sorted(maps.Keys(d.seen))); diff != "" {
					t.Errorf("%s leaves (-want +got):\n%s", step.name, diff)
				}
				if got := stateOf(d.synced, d.seal, d.answer); got != step.after || len(d.pending) > 0 {
					t.Errorf("after %s: %s, and %d sectors not synced", step.name, got, len(d.pending))
				}
			}
			if len(bytes.Trim(d.synced, "\x00")) > 0 || len(d.synced) < preallocated {
				t.Errorf("the journal has %d bytes at last, and is not all zeros", len(d.synced))
			}
		})
	}
}

// TestMarkFitsInASector checks the length of a mark: a torn write of a longer one would be neither
// the old nor the new mark.
func TestMarkFitsInASector(t *testing.T) {
	t.Parallel()
	m := testMark(StateSending)
	m.Attempt, m.Host, m.Generation = strings.Repeat("x", maxWord), strings.Repeat("y", maxWord), 1<<64-1
	m.Time = time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)
	block, err := encode(m, testID)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decode(block, testID); err != nil || got != m {
		t.Errorf("decode = %+v, %v; want %+v", got, err, m)
	}
}

// TestReadStable checks that a half-written mark is read again.
func TestReadStable(t *testing.T) {
	t.Parallel()
	block, err := encode(testMark(StateIntent), testID)
	if err != nil {
		t.Fatal(err)
	}
	parse := func(content []byte) (Entry, error) { return read(content, testID, testSeal(t)) }
	const half, quarter, whole = "half", "quarter", "whole"
	contents := map[string][]byte{half: block[:100], quarter: block[:50], whole: block}
	for _, c := range []struct {
		name  string
		loads []string
		want  error
	}{
		{"one that becomes whole", []string{half, whole}, nil},
		{"one that grows", []string{quarter, half, quarter, whole}, nil},
		{"one that stays half", []string{quarter, half, half, whole}, helper.ErrCorrupt},
	} {
		_, err := readStable(func() ([]byte, error) {
			content := contents[c.loads[0]]
			c.loads = c.loads[1:]
			return content, nil
		}, parse)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	n := 0
	if _, err := readStable(func() ([]byte, error) { n++; return fmt.Append(nil, n), nil }, parse); !errors.Is(err, helper.ErrBusy) {
		t.Errorf("one that never stays: %v, want ErrBusy", err)
	}
}

// FuzzRead checks that read returns, for any content, one of its errors or a mark that encode and
// decode preserve, and an answer only if it is the sealed one.
func FuzzRead(f *testing.F) {
	s, answer := testSeal(f), []byte("the answer")
	for _, state := range []State{StateIntent, StateSending} {
		block, err := encode(testMark(state), testID)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(block)
		f.Add(append(block, s.close(testMark(state), answer)...))
		f.Add(bytes.TrimRight(block, "\x00"))
		f.Add(block[:100])
	}
	for _, seed := range []string{"", "\x00", "{", "{}", "null\n", `{"version":2}`, `{"version":1}` + "\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		e, err := read(content, testID, s)
		if err != nil {
			if !cmp.Equal(e, Entry{}) || errors.Is(err, helper.ErrCorrupt) == errors.Is(err, helper.ErrNotFound) {
				t.Fatalf("read = %+v, %v; want nothing, and ErrCorrupt or ErrNotFound", e, err)
			}
			return
		}
		if e.Answer != nil && (!bytes.Equal(e.Answer, answer) || e.State != StateSending) {
			t.Fatalf("read = %+v, which was never sealed", e)
		}
		block, err := encode(e.Mark, testID)
		if err != nil {
			t.Fatalf("encode of what was read: %v", err)
		}
		if m, err := decode(block, testID); err != nil || m != e.Mark {
			t.Fatalf("decode of what was encoded = %+v, %v; want %+v", m, err, e.Mark)
		}
	})
}
