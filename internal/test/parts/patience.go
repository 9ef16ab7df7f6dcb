package parts

import (
	"testing"
	"time"
)

// Patience is how long a test may wait for what must happen: far longer than it
// ever takes, so that a busy machine fails no test. It is a quarter of what is left
// of go test's -timeout, so that the test can still say what it waited for, and ten
// minutes without a -timeout.
func Patience(t testing.TB) time.Duration {
	t.Helper()
	const unlimited = 10 * time.Minute
	of, limited := t.(interface{ Deadline() (time.Time, bool) })
	if !limited {
		return unlimited
	}
	end, limited := of.Deadline()
	if !limited {
		return unlimited
	}
	return time.Until(end) / 4
}
