package journal_test

import (
	"bytes"
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
)

func TestMark_RefusesWhatReadWould(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	j := mustOpen(t, d)
	must(t, j.Mark(mark(journal.StateIntent)))
	for name, change := range map[string]func(m *journal.Mark){
		"another id":           func(m *journal.Mark) { m.ID = other },
		"no attempt":           func(m *journal.Mark) { m.Attempt = "" },
		"a long attempt":       func(m *journal.Mark) { m.Attempt = strings.Repeat("x", 65) },
		"an attempt of two":    func(m *journal.Mark) { m.Attempt = "a\nb" },
		"a token":              func(m *journal.Mark) { m.Token = "rt_SECRETSECRET" },
		"a token of a size":    func(m *journal.Mark) { m.Token = strings.Repeat("R", 64) },
		"a short digest":       func(m *journal.Mark) { m.Token = m.Token[1:] },
		"a long host":          func(m *journal.Mark) { m.Host = strings.Repeat("x", 65) },
		"a time out of range":  func(m *journal.Mark) { m.Time = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"no state":             func(m *journal.Mark) { m.State = "" },
		"a state of the later": func(m *journal.Mark) { m.State = "done" },
	} {
		m := mark(journal.StateSending)
		change(&m)
		err := j.Mark(m)
		if !errors.Is(err, helper.ErrInvalid) || !strings.Contains(err.Error(), d.Path(id)) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: Mark = %v, want ErrInvalid and where", name, err)
		}
	}
	wantEntry(t, d, journal.Entry{Mark: mark(journal.StateIntent)})
}

// TestOrder checks that calls out of order change nothing.
func TestOrder(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	j := mustOpen(t, d)
	invalid := func(doing string, err error) {
		t.Helper()
		if !errors.Is(err, helper.ErrInvalid) {
			t.Errorf("%s = %v, want ErrInvalid", doing, err)
		}
	}
	invalid("Answer before a mark", j.Answer([]byte("answer")))
	must(t, j.Mark(mark(journal.StateIntent)))
	invalid("Answer before sending", j.Answer([]byte("answer")))
	must(t, j.Mark(mark(journal.StateSending)))
	if err := j.Answer(make([]byte, 8<<20+1)); !errors.Is(err, helper.ErrTooLarge) {
		t.Errorf("Answer that is too long = %v, want ErrTooLarge", err)
	}
	must(t, j.Answer([]byte("answer")))
	invalid("second Answer", j.Answer([]byte("other")))
	invalid("Mark after Answer", j.Mark(mark(journal.StateIntent)))
	wantEntry(t, d, journal.Entry{Mark: mark(journal.StateSending), Answer: []byte("answer")})
	must(t, errors.Join(j.Close(), d.Remove(id)))
	j = mustOpen(t, d)
	invalid("Answer before a mark, opened anew", j.Answer([]byte("answer")))
	wantEmpty(t, d)
}

func TestInvalid(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	for _, c := range []struct {
		id  helper.ID
		key []byte
	}{{"", key()}, {"../x", key()}, {id + "/journal", key()}, {id, []byte{}}, {id, key()[1:]}, {id, append(key(), 0)}} {
		_, readErr := d.Read(c.id, c.key)
		_, openErr := d.Open(c.id, c.key)
		for doing, err := range map[string]error{"Read": readErr, "Open": openErr} {
			if !errors.Is(err, helper.ErrInvalid) {
				t.Errorf("%s of %q with a key of %d bytes = %v, want ErrInvalid", doing, c.id, len(c.key), err)
			}
		}
	}
	if err := d.Remove("../x"); !errors.Is(err, helper.ErrInvalid) {
		t.Errorf("Remove = %v, want ErrInvalid", err)
	}
	if _, err := os.Lstat(filepath.Dir(d.Folder())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("they made the root: %v", err)
	}
}

func summed(object string) string {
	sum := sha256.Sum256([]byte(object))
	return object + "\n" + hex.EncodeToString(sum[:16]) + "\n"
}

func unreadable(good string) map[string]string {
	swap := func(from, to string) string { return summed(strings.Replace(good, from, to, 1)) }
	return map[string]string{
		"it is cut short":         good[:70],
		"it is not JSON":          "SECRETSECRET",
		"it is not a JSON object": summed(`["SECRETSECRET"]`),
		"it is of a newer version: its format version is 2, this codex-cred knows 1": strings.Replace(good, `"version":1`, `"version":2,"future":"SECRETSECRET"`, 1) + "anything",
		"its version is not a number":                         swap(`"version":1`, `"version":"SECRETSECRET"`),
		"it has no format version":                            swap(`"version":1,`, ``),
		"its checksum is wrong":                               summed(good) + good,
		`its member "generation" has the wrong type`:          swap(`"generation":7`, `"generation":"SECRETSECRET"`),
		"a member is unknown or has a value that cannot be":   swap(`"host"`, `"SECRETSECRET"`),
		`it is the mark of another sign-in: its id is "0"`:    swap(string(id), "0"),
		"its attempt is not 1 to 64 letters, digits, _ and -": swap("attempt-1", "SECRET SECRET"),
		"its host is not up to 64 letters, digits, _ and -":   swap("host_1", "SECRET SECRET"),
		"its token is not the SHA-256 of one":                 swap(`"token":"`, `"token":"SECRETSECRET`),
		"its time is out of range":                            swap("2026-05-01T12:00:00Z", "9999-12-31T23:59:59-01:00"),
		"its state is unknown":                                swap("sending", "SECRETSECRET"),
	}
}

// TestUnreadable checks that Open leaves an unreadable journal to its caller.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	whole := newDir(t)
	must(t, mustOpen(t, whole).Mark(mark(journal.StateSending)))
	good, _, _ := strings.Cut(string(mustRead(t, whole)), "\n")
	for reason, text := range unreadable(good) {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			d := newDir(t)
			content := append([]byte(text), make([]byte, 5000-len(text))...)
			put(t, d, id, content)
			want := "read " + d.Path(id) + ": the mark of the journal is corrupt: " + reason
			if _, err := d.Read(id, key()); !errors.Is(err, helper.ErrCorrupt) || err.Error() != want {
				t.Errorf("Read = %v\nwant %s", err, want)
			}
			_, err := d.Open(id, key())
			if !errors.Is(err, helper.ErrCorrupt) || errors.Is(err, helper.ErrNewer) != strings.Contains(reason, "newer") || !strings.Contains(err.Error(), d.Path(id)) {
				t.Errorf("Open = %v, want ErrCorrupt, and ErrNewer of a newer version", err)
			}
			if !bytes.Equal(mustRead(t, d), content) {
				t.Error("Open changed the journal")
			}
			must(t, d.Remove(id))
			must(t, openAnswered(t, d, []byte("answer")).Close())
		})
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	content := bytes.Repeat([]byte("x"), 9<<20)
	put(t, d, id, content)
	_, readErr := d.Read(id, key())
	_, openErr := d.Open(id, key())
	for doing, err := range map[string]error{"Read": readErr, "Open": openErr} {
		if !errors.Is(err, helper.ErrCorrupt) || !strings.Contains(err.Error(), d.Path(id)) {
			t.Errorf("%s = %v, want ErrCorrupt", doing, err)
		}
	}
	if !bytes.Equal(mustRead(t, d), content) {
		t.Error("the file was changed")
	}
}

func TestFilesAndRemove(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	must(t, openAnswered(t, d, []byte("answer")).Close())
	put(t, d, other, []byte("broken"))
	files, err := d.Files()
	if diff := cmp.Diff([]string{d.Path(other), d.Path(id)}, files); diff != "" || err != nil {
		t.Errorf("Files: %v, (-want +got):\n%s", err, diff)
	}
	must(t, errors.Join(d.Remove(id), d.Remove(other)))
	if files, err := d.Files(); err != nil || len(files) > 0 {
		t.Errorf("after Remove there are %q, %v", files, err)
	}
}

// TestKeep checks that a kept journal does not hinder the next rotation, and that a newer one
// replaces it.
func TestKeep(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	if err := d.Keep(id); !errors.Is(err, helper.ErrNotFound) || d.IsKept(id) {
		t.Errorf("Keep of no journal: %v, want ErrNotFound", err)
	}
	for _, answer := range []string{"first", "second"} {
		must(t, openAnswered(t, d, []byte(answer)).Close())
		must(t, d.Keep(id))
		wantEmpty(t, d)
		e, err := d.ReadKept(id, key())
		if err != nil || string(e.Answer) != answer || !e.Sealed || e.Mark != mark(journal.StateSending) || !d.IsKept(id) {
			t.Errorf("ReadKept = %+v, %v; want the %s answer", e, err, answer)
		}
	}
	if e, err := d.ReadKept(id, nil); err != nil || e.Answer != nil || !e.Sealed {
		t.Errorf("ReadKept without the key = %+v, %v; want a sealed answer", e, err)
	}
	if files, err := d.Files(); err != nil || !cmp.Equal(files, []string{d.KeptPath(id)}) {
		t.Errorf("Files: %q, %v", files, err)
	}
}

// TestRemoveKept checks that a kept journal can be removed.
func TestRemoveKept(t *testing.T) {
	t.Parallel()
	d := newDir(t)
	must(t, openAnswered(t, d, []byte("answer")).Close())
	must(t, errors.Join(d.Keep(id), d.RemoveKept(id)))
	_, readErr := d.ReadKept(id, key())
	for _, err := range []error{readErr, d.RemoveKept(id)} {
		if !errors.Is(err, helper.ErrNotFound) {
			t.Errorf("after RemoveKept: %v, want ErrNotFound", err)
		}
	}
}

func BenchmarkRotation(b *testing.B) {
	d, answer := newDir(b), bytes.Repeat([]byte("a"), 5000)
	for b.Loop() {
		j, err := d.Open(id, key())
		must(b, err)
		must(b, errors.Join(
			j.Mark(mark(journal.StateIntent)), j.Mark(mark(journal.StateSending)), j.Answer(answer), j.Close(), d.Remove(id),
		))
	}
}
