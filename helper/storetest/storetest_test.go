package storetest_test

import (
	"context"
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/helper/storetest"
)

// TestMain runs the tests or, in a process that failures started, the suite on
// the broken store with the given name.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.NArg() == 0 {
		m.Run()
		return
	}
	place := places()[flag.Arg(0)].place
	testing.Main(regexp.MatchString, []testing.InternalTest{
		{Name: "Store", F: func(t *testing.T) { storetest.Run(t, place) }},
	}, nil, nil)
}

// TestRun_CatchesBrokenStores checks that each way of breaking the contract
// fails the clauses that it breaks, and that a correct store fails none.
func TestRun_CatchesBrokenStores(t *testing.T) {
	for name, p := range places() {
		t.Run(name, func(t *testing.T) {
			failed, out := failures(t, name)
			if len(p.fails) == 0 && len(failed) > 0 {
				t.Errorf("a correct store fails %q:\n%s", failed, out)
			}
			for _, clause := range p.fails {
				if !slices.Contains(failed, clause) {
					t.Errorf("%s does not fail; %q do:\n%s", clause, failed, out)
				}
			}
		})
	}
}

// TestRun_EveryClauseCanFail checks that for each clause of the suite there is
// a store above that fails it.
func TestRun_EveryClauseCanFail(t *testing.T) {
	broken := map[string]bool{}
	for _, p := range places() {
		for _, clause := range p.fails {
			broken[clause] = true
		}
	}
	_, out := failures(t, "correct")
	clauses := named(out, "PASS")
	slices.Sort(clauses)
	if want := slices.Sorted(maps.Keys(broken)); !slices.Equal(clauses, want) {
		t.Errorf("the suite has the clauses\n%q\nstores break\n%q", clauses, want)
	}
}

// failures runs the suite on the store in a process of its own and returns the
// clauses that fail.
func failures(t *testing.T, name string) (failed []string, out string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := exec.CommandContext(ctx, binary, "-test.v", "--", name).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("run the test binary: %v", err)
	}
	out = string(b)
	if !strings.Contains(out, "=== RUN   Store/GetAbsent") || strings.Contains(out, "panic: ") {
		t.Fatalf("the suite did not run to its end:\n%s", out)
	}
	return named(out, "FAIL"), out
}

// named returns the clauses of which the output of the suite tells the result.
func named(out, result string) []string {
	matches := regexp.MustCompile(`--- `+result+`: Store/(\S+)`).FindAllStringSubmatch(out, -1)
	clauses := make([]string, len(matches))
	for i, match := range matches {
		clauses[i] = match[1]
	}
	return clauses
}
