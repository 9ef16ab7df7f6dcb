//go:build unix

package main

import (
	"io"
	"strings"
	"testing"
)

// TestStress_Failures has outcomes that a benchmark must report as failures.
func TestStress_Failures(t *testing.T) {
	t.Parallel()
	l, err := openLab(t.Context(), storeFile, io.Discard)
	t.Cleanup(func() { must(t, l.close()) })
	must(t, err)
	want := func(failure string) {
		t.Helper()
		const callers = 3
		h, err := l.stress(t.Context(), callers, storeFile, valid)
		must(t, err)
		if h.Failures != callers || !strings.Contains(h.Failure, failure) {
			t.Errorf("the herd says %+v, want %d failures: %s", h, callers, failure)
		}
	}
	l.server.Expire() // which codex-cred does not notice
	want("it printed a token that the server does not accept")
	_, err = l.output(t.Context(), storeFile, "erase")
	must(t, err)
	want("exit status 3: codex-cred: ")
}
