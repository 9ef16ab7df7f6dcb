package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
)

// mostAllocations is the largest number of allocations of get, from the command line to its answer,
// for a valid token in a file. It is for the race detector, under which the count is a quarter
// higher and varies. Lower it when the count falls.
const mostAllocations = 120

// TestAllocations counts the allocations in this process. TestCounts of internal/test/bench
// measures the release build.
func TestAllocations(t *testing.T) {
	var stderr strings.Builder
	homeDir := map[string]string{"CODEX_CRED_HOME": filepath.Join(t.TempDir(), "root")}
	p := newProgram()
	p.Getenv = func(name string) string { return homeDir[name] }
	p.In, p.Out, p.Err = strings.NewReader(`{"access_token":"`+strings.Repeat("token", 500)+`","expires_in":36000}`), io.Discard, &stderr
	must := func(args ...string) {
		if code := p.run(append([]string{"codex-cred"}, args...)); code != exit.OK {
			t.Fatalf("%s: exit code %d: %s", args[0], code, stderr.String())
		}
	}
	must("store", "--store", home.StoreFile)
	const runs = 20
	n := testing.AllocsPerRun(runs, func() { must("get") })
	t.Logf("get makes %.0f allocations", n)
	if n > mostAllocations {
		t.Errorf("get makes %.0f allocations, at most %d; see where: go test ./cmd/codex-cred -run TestAllocations -memprofile FILE -memprofilerate 1", n, mostAllocations)
	}
}
