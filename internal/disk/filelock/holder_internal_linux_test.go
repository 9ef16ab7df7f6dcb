package filelock

import "testing"

// TestHolderIn checks that the device is compared too: inode numbers are those of one file system,
// and a person is told to end the process.
func TestHolderIn(t *testing.T) {
	t.Parallel()
	const (
		other   = "1: FLOCK  ADVISORY  WRITE 11 00:1b:42 0 EOF\n"
		another = "2: FLOCK  ADVISORY  WRITE 12 00:1c:42 0 EOF\n"
		ours    = "3: FLOCK  ADVISORY  WRITE 13 fe:00:42 0 EOF\n"
		waiter  = "3: -> FLOCK  ADVISORY  WRITE 14 fe:00:42 0 EOF\n"
		reader  = "4: FLOCK  ADVISORY  READ 15 fe:00:42 0 EOF\n"
		posix   = "5: POSIX  ADVISORY  WRITE 16 fe:00:42 0 EOF\n"
		longer  = "6: FLOCK  ADVISORY  WRITE 17 fe:00:142 0 EOF\n"
		outside = "7: FLOCK  ADVISORY  WRITE 0 fe:00:42 0 EOF\n"
	)
	for _, c := range []struct {
		what, table string
		want        int
	}{
		{"nobody", "", 0},
		{"ours", waiter + reader + posix + longer + ours, 13},
		{"ours, after the same number elsewhere", other + another + ours, 13},
		{"a device that is another for stat", other, 11},
		{"two, of which none is ours for sure", other + another, 0},
		{"in another container", other + outside, 0},
	} {
		if got := parseHolder(c.table, "fe:00", ":42"); got != c.want {
			t.Errorf("%s: process %d, want %d", c.what, got, c.want)
		}
	}
}
