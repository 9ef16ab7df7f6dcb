package process

import (
	"testing"
	"time"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
