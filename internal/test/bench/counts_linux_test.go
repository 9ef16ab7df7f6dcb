package main

import (
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// The programs that have limits.
var limited = []string{nameGet, "codex-cred helper git get", "codex-cred helper docker get"}

// A limit is the maximum for a program, beyond the Go program that prints a constant. It is for a
// valid token, which almost every run has.
type limit struct {
	what             string
	get, git, docker int // with the tokens in files
	keychain         int // get, with the tokens there
	why              string
}

// limits holds what is the same in every run on every computer. A system call that is neither here
// nor in [schedulerCalls] is not allowed. Lower a number when it falls; a commit that raises one
// gives the reason.
var limits = []limit{
	{"openat", 4, 4, 4, 3, "which files: see opened"},
	{"newfstatat", 7, 7, 7, 5, "owner and mode of each directory on the way to a file, each time; and what runs us"},
	{"fstat", 2, 3, 3, 1, "owner, mode and size of each file that is read; a helper asks what its input is"},
	{"read", 2, 4, 5, anyNumber, "one for each file, in a buffer of its size; a helper reads its input to the end"},
	{"write", 0, 0, 0, anyNumber, "the answer goes out at once, as the constant does"},
	{"close", 2, 3, 3, 2, "what was opened, and the socket of the bus"},
	{"geteuid", 10, 11, 11, 8, "who must own what is looked at"},
	{"getuid", 3, 3, 3, 3, "the home"},
	{"umask", 1, 1, 1, 1, "hardening"},
	{"prctl", 1, 1, 1, 1, "hardening: no core dumps, no tracing"},
	{"epoll_create1", 1, 1, 1, 1, "Go's poller, which the first file wants"},
	{"eventfd2", 1, 1, 1, 1, "Go's poller"},
	{"epoll_ctl", 1, 1, 1, 3, "Go's poller; the bus is added and taken out"},
	{"socket", 0, 0, 0, 1, "the bus"},
	{"connect", 0, 0, 0, 1, "the bus"},
	{"getsockname", 0, 0, 0, 1, "the bus: net asks"},
	{"getpeername", 0, 0, 0, 1, "the bus: net asks"},
	{"getsockopt", 0, 0, 0, 1, "the bus: whose it is, before anything is sent there"},
	{sentToBus, 0, 0, 0, 3, "one for each wait: to log in and the first call, two calls at once, the last one"},
	{busCalls, 0, 0, 0, 5, "Hello, Get (which must be first), OpenSession, SearchItems, GetSecret"},
	{packages, 86, 86, 86, 86, "each is initialised before main: what is linked, not what is done, is most of the time"},
	{initAllocations, 612, 612, 612, 612, "made before main; regular expressions in packages are the costly ones"},
	{peakMemory, 11, 11, 11, 12, "MiB, rounded up: mostly pages of the binary that were touched"},
}

// Counts that are not system calls.
const (
	sentToBus       = "writes to the bus"
	busCalls        = "calls on the bus"
	packages        = "packages initialised"
	initAllocations = "allocations before main"
	peakMemory      = "peak memory"
)

// anyNumber is for what differs between runs.
const anyNumber = -1

// schedulerCalls are the system calls with which the Go runtime manages threads and memory. Their
// numbers depend on scheduling.
var schedulerCalls = []string{
	"futex", "nanosleep", "sched_yield", "clone", "clone3", "gettid", "getpid", "tgkill", "rt_sigreturn", "rt_sigprocmask", "sigaltstack",
	"mmap", "munmap", "madvise", "clock_gettime", "clock_nanosleep", "epoll_pwait", "sched_getaffinity", "pread64", "restart_syscall", "set_robust_list", "rseq", "exit", "exit_group",
}

// largestBinary is the size in bytes of the binary for Linux on amd64. It is the present size, not
// a goal.
const largestBinary = 12_350_000

// opened are the files that get opens, in order. HOME and DATA are those of the user and of
// codex-cred, ID is the sign-in.
var opened = map[string][]string{
	storeFile:     {"HOME/.config/user-dirs.dirs", "DATA/accounts/.default", "DATA/accounts/default.json", "DATA/credentials/ID"},
	storeKeychain: {"HOME/.config/user-dirs.dirs", "DATA/accounts/.default", "DATA/accounts/default.json"},
}

func (l limit) most(p program) int {
	switch {
	case p.store == storeKeychain:
		return l.keychain
	case p.name == nameGet:
		return l.get
	case strings.Contains(p.name, "git"):
		return l.git
	}
	return l.docker
}

// TestCounts compares the release with the limits. It prints the counts with -v.
func TestCounts(t *testing.T) {
	_, err := exec.LookPath("strace")
	parts.Need(t, "strace", err)
	for _, store := range []string{storeFile, storeKeychain} {
		t.Run(store, func(t *testing.T) {
			if store == storeKeychain {
				testkeyring.Need(t)
			}
			l, err := openLab(t.Context(), store, io.Discard)
			t.Cleanup(func() { must(t, l.close()) })
			must(t, err)
			wantSize(t, l)
			all, err := l.ourPrograms(t.Context())
			must(t, err)
			none := l.all(t, all[slices.IndexFunc(all, func(p program) bool { return p.name == nameConstant })])
			for _, p := range all {
				if p.store == store && slices.Contains(limited, p.name) && (store == storeFile || p.name == nameGet) {
					t.Run(p.name, func(t *testing.T) { compare(t, p, l.all(t, p), none) })
				}
			}
		})
	}
}

func wantSize(t *testing.T, l *lab) {
	t.Helper()
	info, err := os.Stat(l.ours())
	must(t, err)
	t.Logf("the binary has %d bytes, at most %d on amd64", info.Size(), largestBinary)
	if runtime.GOARCH == "amd64" && info.Size() > largestBinary {
		t.Errorf("the binary grew to %d bytes from at most %d; see what is new: go list -deps ./cmd/codex-cred", info.Size(), largestBinary)
	}
}

// compare compares what a program does beyond the constant program.
func compare(t *testing.T, p program, got, none map[string]int) {
	for _, l := range limits {
		n, most := got[l.what]-none[l.what], l.most(p)
		if l.what == peakMemory {
			n = got[l.what]
		}
		t.Logf("%-24s %3d, at most %d", l.what, n, most)
		if n > most && most != anyNumber {
			t.Errorf("%s, tokens in the store %s: %s grew to %d from at most %d: %s", p.name, p.store, l.what, n, most, l.why)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(got)) {
		known := slices.ContainsFunc(limits, func(l limit) bool { return l.what == what })
		if n := got[what] - none[what]; n > 0 && !known && !slices.Contains(schedulerCalls, what) {
			t.Errorf("%s, tokens in the store %s: %d calls of %s, which it never made", p.name, p.store, n, what)
		}
	}
	if t.Failed() {
		t.Log("to see the calls, of a binary that packaging/build made: strace -f -y " + p.name + "; the limits and their reasons are in counts_linux_test.go")
	}
}

// all counts everything that a program does.
func (l *lab) all(t *testing.T, p program) map[string]int {
	t.Helper()
	must(t, p.check(t.Context()))
	got := l.least(t, p)
	files, sent := l.trace(t, p)
	if want := opened[p.store]; p.name == nameGet && !slices.Equal(files, want) {
		t.Errorf("%s, tokens in the store %s, opens %q, want %q", p.name, p.store, files, want)
	}
	got[sentToBus] = sent
	got[packages], got[initAllocations] = initialised(t, p)
	if l.keyring != nil {
		members, _, err := l.busCalls(t.Context(), p)
		must(t, err)
		got[busCalls] = len(members)
		t.Logf("on the bus: %q", members)
	}
	return got
}

// least returns the minimum of system calls and of peak memory over some runs: on an overloaded
// computer a signal may repeat a call.
func (l *lab) least(t *testing.T, p program) map[string]int {
	t.Helper()
	var least map[string]int
	for range 3 {
		got, err := l.systemCalls(t.Context(), p)
		must(t, err)
		peak, err := l.peak(t.Context(), p)
		must(t, err)
		got[peakMemory] = (peak + 1023) / 1024
		if least == nil {
			least = got
		}
		for what, n := range least {
			least[what] = min(n, got[what])
		}
	}
	return least
}

var (
	openCall   = regexp.MustCompile(`^\d+ +open(?:at|at2)?\([^"]*"([^"]*)"`)
	socketCall = regexp.MustCompile(`^\d+ +(?:write|writev|sendto|sendmsg)\(\d+<(?:socket|UNIX)`)
	idName     = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
)

// trace returns the files that the program opens, except those with which the Go runtime inspects
// the computer, and the number of writes to a socket.
func (l *lab) trace(t *testing.T, p program) (files []string, sent int) {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	must(t, l.run(t.Context(), p, nil, "strace", "-f", "-y", "-qq", "-e", "signal=none", "-e", "trace=open,openat,openat2,write,writev,sendto,sendmsg", "-o", log))
	content, err := os.ReadFile(log)
	must(t, err)
	named := strings.NewReplacer(l.home(p.store), "DATA", filepath.Join(l.dir, "home"), "HOME")
	for line := range strings.Lines(string(content)) {
		if socketCall.MatchString(line) {
			sent++
		}
		m := openCall.FindStringSubmatch(line)
		if m != nil && !strings.HasPrefix(m[1], "/sys/") && !strings.HasPrefix(m[1], "/proc/") {
			files = append(files, idName.ReplaceAllString(named.Replace(m[1]), "ID"))
		}
	}
	return files, sent
}

// initialised returns how many packages the program initialises, and their allocations.
func initialised(t *testing.T, p program) (n, allocations int) {
	t.Helper()
	for _, init := range traceInit(t, p) {
		n++
		allocations += init.allocations
	}
	return n, allocations
}
