//go:build unix

package main

import (
	"strings"
	"testing"
)

// found is a result of two rounds in which everything took twice as long as its yardstick.
func found() *result {
	series := func(name, store string, elapsed ...float64) *measured {
		return &measured{program: program{name: name, store: store}, elapsed: elapsed, cpu: elapsed, counts: counts{PeakKiB: 2048}}
	}
	return &result{
		rounds: 2, size: 9_000_000, missing: []string{"gh: not installed"},
		programs: []*measured{
			series(nameConstant, "", 1, 3), series(nameGoKeyring, storeKeychain, 2, 6),
			series(nameGet, storeFile, 2, 6), series(nameGet, storeKeychain, 4, 12),
		},
		stresses: []stress{
			{Callers: 10, Store: storeFile, Token: expired, Requests: 3},
			{Callers: 500, Store: storeFile, Token: expired, Last: 4.2, Requests: 1},
			{Callers: 500, Store: storeFile, Token: valid, Failures: 2, Failure: "exit status 5: timed out", DaemonAlive: true},
		},
	}
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	if err := found().writeMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| codex-cred get | file | 4.00 | 2.40 | 5.60 | 2.00 | 1.00 | 4.00 | 2.0 |  |  |  |",
		"| 500 | file | expired | 0.00 | 4.20 | 0 | 0 | 1 | dead |",
		"| files: time, compared with a Go program that prints a constant | 2.00 | 1.9 | not held |",
		"| keychain: time, compared with a Go program that calls go-keyring once | 2.00 | 0.80 | not held |",
		"| size of the binary, MB | 9.0 | 10 |  |",
		"| files: 500 callers at once, token expired: refreshes | 1 | 1 |  |",
		"| files: 500 callers at once, token valid: failures | 2 | 0 | not held |",
		"The first failure of 500 (file, valid): exit status 5: timed out",
		"- gh: not installed",
	} {
		if !strings.Contains("\n"+b.String(), "\n"+line+"\n") {
			t.Errorf("it lacks the line %q", line)
		}
	}
	if strings.Contains(b.String(), "secret-tool") || strings.Contains(b.String(), "files: 10 callers") {
		t.Error("it tells a bound whose parts were not measured")
	}
	if t.Failed() {
		t.Log(b.String())
	}
	wantTables(t, b.String())
}

// wantTables wants as many columns in each line of a table as in the line before.
func wantTables(t *testing.T, text string) {
	t.Helper()
	columns := 0
	for line := range strings.Lines(text) {
		n := strings.Count(line, "|")
		if n > 0 && columns > 0 && n != columns {
			t.Errorf("a table has another number of columns: %s", line)
		}
		columns = n
	}
}

func TestCallTable(t *testing.T) {
	const table = `    calls syscall
--------- ----------------
       12 read
        1 openat
--------- ----------------
       13 total
`
	got, err := callTable(table)
	if err != nil || len(got) != 2 || got["read"] != 12 || got["openat"] != 1 {
		t.Errorf("callTable = %v, %v", got, err)
	}
	if _, err := callTable("strace: no such program\n"); err == nil {
		t.Error("a table of nothing is none")
	}
}
