//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestInit_OwnPackages requires that no package of this module runs code before
// main: a package-level variable that is computed costs every get, whether or not
// it uses the package. Packages of the standard library and of other modules have
// a limit in TestCounts.
func TestInit_OwnPackages(t *testing.T) {
	t.Parallel()
	l, err := openLab(t.Context(), storeFile, io.Discard)
	t.Cleanup(func() { must(t, l.close()) })
	must(t, err)
	programs, err := l.ourPrograms(t.Context())
	must(t, err)
	for _, name := range []string{"codex-cred version", nameGet} {
		i := slices.IndexFunc(programs, func(p program) bool { return p.name == name })
		if i < 0 {
			t.Fatalf("the benchmark does not measure %q any more", name)
		}
		inits := traceInit(t, programs[i])
		if len(inits) == 0 {
			t.Errorf("%s: GODEBUG=inittrace=1 lists no package: is its format another one?", name)
		}
		for _, init := range inits {
			if strings.HasPrefix(init.path, module+"/") {
				t.Errorf("%s: package %s makes %d allocations before main; a package-level variable is errors.New or a literal of constants",
					name, init.path, init.allocations)
			}
		}
	}
}

// A packageInit is one line of GODEBUG=inittrace=1. A package has no line if the
// compiler can lay out its variables, which it can for literals and errors.New.
type packageInit struct {
	path        string
	allocations int
}

var initLine = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) allocs$`)

// traceInit runs the program and returns what the runtime says of the packages
// that it initialises.
func traceInit(t *testing.T, p program) []packageInit {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.args[0], p.args[1:]...)
	cmd.Env = append(slices.Clone(p.env), "GODEBUG=inittrace=1")
	in, err := os.Open(p.stdin)
	must(t, err)
	defer func() { _ = in.Close() }()
	cmd.Stdin = in
	var stderr strings.Builder
	cmd.Stderr = &stderr
	must(t, cmd.Run())
	lines := initLine.FindAllStringSubmatch(stderr.String(), -1)
	inits := make([]packageInit, 0, len(lines))
	for _, m := range lines {
		n, err := strconv.Atoi(m[2])
		must(t, err)
		inits = append(inits, packageInit{m[1], n})
	}
	return inits
}
