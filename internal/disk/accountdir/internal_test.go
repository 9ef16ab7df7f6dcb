package accountdir

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
)

func TestUpdate_Busy(t *testing.T) {
	t.Parallel()
	d := New(filepath.Join(t.TempDir(), "root"), func() time.Time { return time.Unix(1, 0) })
	unlock, err := filelock.Acquire(t.Context(), d.creating().dir, lockFile)
	if err != nil {
		t.Fatal(err)
	}
	d.wait = time.Millisecond
	change := func(*helper.Account) error { return nil }
	if _, err := d.Update("work", change); !errors.Is(err, helper.ErrBusy) {
		t.Errorf("Update beside a change that goes on = %v, want ErrBusy", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	d.wait = lockWait
	if _, err := d.Update("work", change); err != nil {
		t.Errorf("Update after it: %v", err)
	}
}

// FuzzDecode checks that decode returns, for any content, ErrCorrupt or an account that encode and
// decode preserve, and that the fast and the slow parser agree.
func FuzzDecode(f *testing.F) {
	const id = `"0123456789abcdef0123456789abcdef"`
	for _, seed := range []string{
		``, `{`, `{}`, `null`, `[]`, `{"version":2}`,
		`{"version":1,"name":"work"}`,
		`{"version":1,"name":"work","id":` + id + `,"store":"file","generation":18446744073709551615}`,
		`{"version":1,"name":"work","id":` + id + `,"store":"\ud800","leftovers":[{"id":` + id + `,"store":""}]}`,
		`{"version":1,"name":"work","id":null,"not_before":"2026-05-01T12:00:00.123456789+14:00","leftovers":[]}`,
		`{"version":1,"name":"work","created":"0000-01-01T00:00:00+23:59","updated":"9999-12-31T23:59:59-23:59"}`,
		`{"version":1,"name":"work","host":` + id + `,"rejections":3,"rejected_at":"2026-05-01T12:00:00-01:00","clock_tried":7}`,
		`{"version":1,"name":"work","host":"","rejections":-0,"rejected_at":null,"clock_tried":18446744073709551615}`,
		`{"version":2,"name":"work","id":` + id + `,"shared":"/home/me/.codex/auth.json"}`,
		`{"version":1,"NAME":"work","name":"work","erasing":true,"unanswered":-1} x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		whole, wholeErr := parse(content)
		parts, partsErr := parseParts(content)
		if diff := cmp.Diff(parts, whole); diff != "" || (wholeErr == nil) != (partsErr == nil) {
			t.Fatalf("at once %v, by parts %v, (-by parts +at once):\n%s", wholeErr, partsErr, diff)
		}
		a, err := decode(content, "work")
		if err != nil {
			if !errors.Is(err, helper.ErrCorrupt) || a.Name != "" {
				t.Fatalf("decode = %+v, %v; want nothing and ErrCorrupt", a, err)
			}
			return
		}
		written, err := encode(a, "work")
		if errors.Is(err, helper.ErrTooLarge) {
			return
		}
		if err != nil {
			t.Fatalf("encode of what was decoded: %v", err)
		}
		again, err := decode(written, "work")
		if diff := cmp.Diff(a, again); diff != "" || err != nil {
			t.Fatalf("decode of what was encoded: %v, (-want +got):\n%s", err, diff)
		}
	})
}
