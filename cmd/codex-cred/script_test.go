package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/internal/authserver"
	"github.com/codex-cred/codex-cred/internal/leakscan"
	"github.com/codex-cred/codex-cred/internal/testkeyring"
	"github.com/codex-cred/codex-cred/refresh"
)

// clockVariable names, for the tests' build of the program only, the file that
// says how far its clock is ahead.
const clockVariable = "CODEX_CRED_TEST_CLOCK"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"codex-cred":   func() { os.Exit(onTestClock(newProgram()).main()) },
		"test-browser": browse,
		// test-interrupt is a person who presses Ctrl-C instead of signing in.
		"test-interrupt": func() { _ = interrupt(os.Getppid()) },
	})
}

func onTestClock(p *program) *program {
	file := os.Getenv(clockVariable)
	p.now = func() time.Time {
		ahead, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		d, err := time.ParseDuration(string(ahead))
		if err != nil {
			panic(err)
		}
		return time.Now().Add(d)
	}
	return p
}

// browse is a browser without a person: it follows the redirects to the end.
func browse() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := authserver.Browse(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "test-browser:", err)
		os.Exit(1)
	}
}

// TestScripts runs every script against both profiles and both stores, each on
// a stage of its own.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find the scripts: %v", err)
	}
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		for _, store := range []string{storeFile, storeKeychain} {
			for _, script := range scripts {
				t.Run(strings.Join([]string{name(script), profile, store}, "-"), func(t *testing.T) {
					t.Parallel()
					play(t, script, &stage{t: t, profile: profile, store: store})
				})
			}
		}
	}
}

func name(script string) string {
	return strings.TrimSuffix(filepath.Base(script), ".txtar")
}

func play(t *testing.T, script string, s *stage) {
	s.server = s.start()
	if s.store == storeKeychain {
		s.keyring = testkeyring.Start(t)
	}
	t.Cleanup(func() {
		if !s.proven && !t.Failed() {
			t.Errorf("%s must end with: erased", script)
		}
	})
	// A group, because scripts are parallel tests: it ends when they have.
	t.Run("script", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Files:               []string{script},
			Setup:               s.raise,
			Cmds:                commands(),
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
		})
	})
}

func commands() map[string]func(ts *testscript.TestScript, neg bool, args []string) {
	list := map[string]func(s *stage, ts *testscript.TestScript, args []string){
		"cred":     (*stage).cred,
		"login":    (*stage).login,
		"clock":    (*stage).clock,
		"fault":    (*stage).fault,
		"requests": (*stage).requests,
		"herd":     (*stage).herd,
		"same":     (*stage).same,
		"cut":      (*stage).cut,
		"erased":   (*stage).erased,
	}
	cmds := map[string]func(ts *testscript.TestScript, neg bool, args []string){}
	for name, run := range list {
		cmds[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("%s takes no !", name)
			}
			run(ts.Value(stageKey{}).(*stage), ts, args)
		}
	}
	return cmds
}

type stageKey struct{}

// A stage is the world of one script: an authorization server, a store, a home.
type stage struct {
	t              *testing.T
	profile, store string
	server         *authserver.Server
	keyring        *testkeyring.Keyring // nil with the file store
	home           string
	clockFile      string

	mu      sync.Mutex // guards ahead, which the server reads
	ahead   time.Duration
	proven  bool   // the script ended with "erased"
	lastGet string // what the last get printed
}

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

func (s *stage) start() *authserver.Server {
	server, err := authserver.Start(authserver.Options{
		Profile: s.profile, Life: time.Hour, Now: s.now, AnyLoopbackPort: true,
		User: authserver.User{Subject: "user-1", Email: "user@example.com", AccountID: "acct-1", UserID: "u-1", Plan: "plus"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = server.Close() })
	return server
}

// raise makes the world of the script.
func (s *stage) raise(e *testscript.Env) error {
	s.home, s.clockFile = filepath.Join(e.WorkDir, "home"), filepath.Join(e.WorkDir, "clock")
	e.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(e.WorkDir, "no-bus"))
	if s.keyring != nil {
		e.Vars = append(e.Vars, s.keyring.Env()...)
	}
	e.Setenv("HOME", s.home)
	e.Setenv("ROOT", filepath.Join(s.home, ".local", "share", "codex-cred"))
	e.Setenv("BROWSER", "test-browser")
	e.Setenv(clockVariable, s.clockFile)
	e.Values[stageKey{}] = s
	return errors.Join(os.Mkdir(s.home, 0o700), os.WriteFile(s.clockFile, []byte("0s"), 0o600))
}

// cred runs codex-cred, wants exactly the exit code, and looks for secrets
// where there must be none.
//
//	cred CODE ARG...
func (s *stage) cred(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("codex-cred", args[1:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("codex-cred %s: exit code %d, want %d", strings.Join(args[1:], " "), code, want)
	}
	stdout := ts.ReadFile("stdout")
	if args[1] == "get" {
		s.lastGet = stdout
		stdout = ""
	}
	// Files hold the tokens where they are the store.
	s.scan(ts, stdout, s.store == storeKeychain)
}

// scan looks for secrets in both streams, and in the home if none may be there.
func (s *stage) scan(ts *testscript.TestScript, stdout string, home bool) {
	issued := s.server.Secrets()
	if len(issued) == 0 {
		return // nobody has signed in yet
	}
	secrets := make([]string, 0, len(issued))
	for _, secret := range issued {
		secrets = append(secrets, leakscan.RandomParts(secret)...)
	}
	leaks := leakscan.Scan(secrets, "stdout", []byte(stdout))
	leaks = append(leaks, leakscan.Scan(secrets, "stderr", []byte(ts.ReadFile("stderr")))...)
	if home {
		leaks = append(leaks, leakscan.Tree(secrets, s.home)...)
	}
	if len(leaks) > 0 {
		ts.Fatalf("secrets where there must be none:\n%s", strings.Join(leaks, "\n"))
	}
}

// login signs in with the stage's profile and store.
//
//	login CODE [ARG...]
func (s *stage) login(ts *testscript.TestScript, args []string) {
	all := []string{args[0], "login", "--profile", s.profile, "--issuer", s.server.URL(), "--store", s.store}
	if s.profile == refresh.ProfileOpenAI {
		all = append(all, "--redirect-uri", "http://127.0.0.1:0/auth/callback")
	} else {
		all = append(all, "--client-id", "codex-cred-test")
	}
	s.cred(ts, append(all, args[1:]...))
}

// clock moves the clocks of the program and of the server.
//
//	clock DURATION
func (s *stage) clock(ts *testscript.TestScript, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	ts.Check(os.WriteFile(s.clockFile, []byte(s.ahead.String()), 0o600))
}

// fault orders a fault of the server, in the words of [authserver.ParseFault].
//
//	fault KIND [grant=GRANT] [times=COUNT]
func (s *stage) fault(ts *testscript.TestScript, args []string) {
	f, err := authserver.ParseFault(strings.Join(args, " "))
	ts.Check(err)
	ts.Check(s.server.Fail(f))
}

// requests wants the number of requests that the server has seen.
//
//	requests GRANT COUNT
func (s *stage) requests(ts *testscript.TestScript, args []string) {
	if got := strconv.Itoa(s.server.Count(args[0])); got != args[1] {
		ts.Fatalf("the server saw %s requests with grant %s, want %s", got, args[0], args[1])
	}
}

// herd runs many gets at once, all of which must print the same fresh token
// and nothing else.
//
//	herd COUNT ARG...
func (s *stage) herd(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	out := make([]string, n)
	fail := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { out[i], fail[i] = quiet(ts, args[1:]) })
	}
	wg.Wait()
	ts.Check(errors.Join(fail...))
	for _, o := range out {
		if o != out[0] {
			ts.Fatalf("two of %d callers at once got different answers", n)
		}
	}
	if !s.server.Accepts(strings.TrimSuffix(out[0], "\n")) {
		ts.Fatalf("the server does not accept the token that the herd got")
	}
	s.lastGet = out[0]
}

// quiet runs codex-cred with the script's environment and wants nothing on
// stderr. testscript runs one command at a time, so it cannot run a herd.
func quiet(ts *testscript.TestScript, args []string) (string, error) {
	path, err := exec.LookPath("codex-cred")
	if err != nil {
		return "", err
	}
	cmd := exec.Command(path, args...)
	cmd.Env = environment(ts)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, stderr.String())
	}
	if stderr.Len() > 0 {
		return "", fmt.Errorf("stderr of one of many: %s", stderr.String())
	}
	return stdout.String(), nil
}

func environment(ts *testscript.TestScript) []string {
	env := os.Environ()
	for _, name := range []string{"HOME", "BROWSER", clockVariable, "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_DATA_HOME"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// same wants the last get to have printed the token of the file, or, with an
// exclamation mark, another one.
//
//	same [!] FILE
func (s *stage) same(ts *testscript.TestScript, args []string) {
	want := len(args) == 1
	if (ts.ReadFile(args[len(args)-1]) == s.lastGet) != want {
		ts.Fatalf("same %s: the token of the last get differs from what was expected", strings.Join(args, " "))
	}
}

// cut cuts a file in the middle of its last member.
//
//	cut FILE
func (s *stage) cut(ts *testscript.TestScript, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()-8))
}

// erased proves that nothing is left: no item, no file, no secret anywhere.
func (s *stage) erased(ts *testscript.TestScript, _ []string) {
	s.proven = true
	s.scan(ts, "", true)
	if s.keyring != nil {
		if items := s.keyring.Items(s.t); len(items) > 0 {
			ts.Fatalf("the keychain still shows %d items", len(items))
		}
	}
	err := filepath.WalkDir(filepath.Join(s.home, ".local"), func(path string, d os.DirEntry, err error) error {
		if err == nil && (!d.IsDir() || d.Name() == "codex-cred") {
			err = fmt.Errorf("still there: %s", path)
		}
		return err
	})
	if !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
	}
}
