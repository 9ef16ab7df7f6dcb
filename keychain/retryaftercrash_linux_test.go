package keychain

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

var isChild = flag.Bool("child", false, "run the test in this process, see retryAfterCrash")

const (
	// maxRuns is how often a test may run: KeePassXC 2.7.4 crashes occasionally.
	maxRuns = 3
	crashed = "KeePassXC ended by itself: "
)

// crashes counts the tests that ran again after a crash, for [TestMain].
var crashes atomic.Int32

// runKeePassXC makes KeePassXC this process's Secret Service, and logs it if it
// ends by itself.
func runKeePassXC(t *testing.T, confirm testkeyring.Confirm) *testkeyring.KeePassXC {
	t.Helper()
	x := testkeyring.StartKeePassXC(t, confirm)
	x.Setenv(t)
	t.Cleanup(func() {
		wait := time.Duration(0)
		if t.Failed() {
			wait = time.Second
		}
		if how := x.Crash(wait); how != "" {
			t.Log(crashed + how)
		}
	})
	return x
}

// retryAfterCrash runs the test in a process of its own, and again only if its KeePassXC
// ended by itself. Each crash is logged.
func retryAfterCrash(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if *isChild {
		test(t)
		return
	}
	testkeyring.NeedKeePassXC(t)
	exact := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	for run := 1; ; run++ {
		limit := 2 * parts.Patience(t) // the child reports what hangs before this process is ended
		out, err := exec.CommandContext(t.Context(), os.Args[0],
			"-test.v", "-test.timeout="+limit.String(), "-test.run="+exact, "-child").CombinedOutput()
		if err == nil && bytes.Contains(out, []byte("--- PASS: "+t.Name()+" ")) {
			return
		}
		if !bytes.Contains(out, []byte(crashed)) || run == maxRuns {
			t.Fatalf("in run %d: %v\n%s", run, err, out)
		}
		crashes.Add(1)
		t.Logf("again, since KeePassXC crashed:\n%s", out)
	}
}

// reportCrashes prints how many tests ran again.
func reportCrashes() {
	if n := crashes.Load(); n > 0 {
		_, _ = fmt.Fprintf(os.Stderr, "KeePassXC crashed by itself, and its test ran again: %d times\n", n)
	}
}
