//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

func TestMain(m *testing.M) {
	err := browse(context.Background())
	switch {
	case err == nil:
		os.Exit(0)
	case !errors.Is(err, errNoBrowser):
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A report is the JSON output.
type report struct {
	SchemaVersion int      `json:"schema_version"`
	Rounds        int      `json:"rounds"`
	BinaryBytes   int      `json:"binary_bytes"`
	Programs      []row    `json:"programs"`
	Herds         []stress `json:"herds"`
	Bounds        []bound  `json:"bounds"`
	Missing       []string `json:"missing"`
}

// TestBench measures briefly. It checks no times.
func TestBench(t *testing.T) {
	t.Parallel()
	t.Run(storeFile, func(t *testing.T) {
		t.Parallel()
		got := measuredNow(t, storeFile)
		wantPrograms(t, got, "", nameConstant, "codex-cred version", "codex-cred --help")
		wantPrograms(t, got, storeFile, ours()...)
		for _, p := range got.Programs {
			if p.Store == storeKeychain || p.BusCalls > 0 {
				t.Errorf("%q is about the keychain", p.Name)
			}
		}
	})
	t.Run(storeKeychain, func(t *testing.T) {
		t.Parallel()
		testkeyring.Need(t)
		got := measuredNow(t, storeKeychain)
		wantPrograms(t, got, storeKeychain, append(ours(), nameGoKeyring, nameSecretTool)...)
		for _, p := range got.Programs {
			if p.Store == storeKeychain && (p.BusCalls < 4 || p.BusMessages != 2*p.BusCalls || p.GoKeyring.Median <= 0) {
				t.Errorf("%q makes %d calls on the bus, with %d messages in all: %+v", p.Name, p.BusCalls, p.BusMessages, p)
			}
		}
	})
}

func ours() []string {
	return []string{nameGet, "codex-cred get -f json", "codex-cred helper git get", "codex-cred helper docker get"}
}

// measuredNow runs two rounds and small stress tests.
func measuredNow(t *testing.T, store string) report {
	t.Helper()
	var stdout, stderr strings.Builder
	if err := runMain(t.Context(), []string{"-quick", "-n", "2", "-only", store, "-json", "-"}, &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var got report
	if err := json.Unmarshal([]byte(stdout.String()), &got); err != nil {
		t.Fatalf("%v: %s", err, stdout.String())
	}
	if got.SchemaVersion != 1 || got.Rounds != 2 || got.BinaryBytes == 0 || len(got.Bounds) == 0 {
		t.Errorf("the JSON says %+v", got)
	}
	for _, progress := range []string{"building codex-cred", "round 1 of 2", "a herd of 50, expired token, store " + store} {
		if !strings.Contains(stderr.String(), progress) {
			t.Errorf("the progress does not tell %q: %s", progress, stderr.String())
		}
	}
	wantStress(t, got.Herds, store)
	return got
}

func wantPrograms(t *testing.T, got report, store string, names ...string) {
	t.Helper()
	for _, name := range names {
		i := slices.IndexFunc(got.Programs, func(p row) bool { return p.Name == name && p.Store == store })
		if i < 0 {
			t.Errorf("%q with store %q was not measured; missing: %q", name, store, got.Missing)
			continue
		}
		if p := got.Programs[i]; p.Elapsed.Median <= 0 || p.CPU.Median <= 0 || p.Constant.Median <= 0 || p.PeakKiB == 0 {
			t.Errorf("%q was not measured: %+v", name, p)
		}
	}
}

func wantStress(t *testing.T, stresses []stress, store string) {
	t.Helper()
	sizes := make([]int, 0, len(stresses))
	for _, h := range stresses {
		sizes = append(sizes, h.Callers)
		refreshes := 0
		if h.Token == expired {
			refreshes = 1
		}
		if h.Store != store || h.Failures > 0 || h.Tokens != 1 || h.Requests != refreshes || !h.DaemonAlive || h.Last < h.Half || h.Half <= 0 {
			t.Errorf("a herd: %+v", h)
		}
	}
	if want := []int{1, 10, 50, 1, 10, 50}; !slices.Equal(sizes, want) {
		t.Errorf("herds of %v asked, want %v, for a valid and for an expired token", sizes, want)
	}
}

func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"-only cloud": "-only takes file or keychain",
		"-n 0":        "-n takes a number",
		"fast":        `no argument "fast"`,
		"-unknown":    "-unknown",
	} {
		var stderr strings.Builder
		if _, err := parse(strings.Fields(args), &stderr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
	if o, err := parse([]string{"-quick", "-n", "7"}, &strings.Builder{}); err != nil || o.plan.rounds != 7 || slices.Max(o.plan.stresses) != 50 {
		t.Errorf("-quick -n 7: %+v, %v", o, err)
	}
	var help strings.Builder
	if _, err := parse([]string{"-h"}, &help); err == nil || !strings.Contains(help.String(), "go run ./internal/test/bench -quick") {
		t.Errorf("-h has no example: %v, %s", err, help.String())
	}
}
