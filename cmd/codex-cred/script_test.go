package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/refresh"
)

// clockVariable names the file with the offset of the program's clock. Only the test build reads
// it.
const clockVariable = "CODEX_CRED_TEST_CLOCK"

// hurryVariable is the factor by which time passes faster for a worker and its calls. Only the test
// build reads it.
const hurryVariable = "CODEX_CRED_TEST_HURRY"

// hostVariable simulates another machine. Only the test build reads it.
const hostVariable = "CODEX_CRED_TEST_HOST"

func TestMain(m *testing.M) {
	program := func() { os.Exit(atSteps(inTestJob(inHurry(onTestHost(onTestClock(newProgram()))))).main()) }
	testscript.Main(parts.Main{M: m}, map[string]func(){
		"codex-cred":   program,
		gitProgram:     program,
		dockerProgram:  program,
		"codex-token":  program, // created by shim add
		"test-browser": browse,
		// test-interrupt simulates a user who presses Ctrl-C instead of signing in.
		"test-interrupt": func() { _ = interrupt(os.Getppid()) },
		// test-hangup simulates a user who closes the terminal.
		"test-hangup": func() { _ = hangUp(os.Getppid()) },
	})
}

func onTestClock(p *program) *program {
	file := os.Getenv(clockVariable)
	p.Now = func() time.Time {
		ahead, err := os.ReadFile(file)
		for range 3 { // a test may inject errors into any system call, which must not fail here
			if err != nil {
				ahead, err = os.ReadFile(file)
			}
		}
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

// jobVariable makes the test build ask the system whether a worker survives the process that
// started it. Without the variable it does.
const jobVariable = "CODEX_CRED_TEST_JOB"

func inTestJob(p *program) *program {
	if os.Getenv(jobVariable) == "" {
		p.outlives = nil
	}
	return p
}

func onTestHost(p *program) *program {
	if host := os.Getenv(hostVariable); host != "" {
		p.HostID = func() (string, error) { return host, nil }
	}
	return p
}

func inHurry(p *program) *program {
	times, err := strconv.Atoi(os.Getenv(hurryVariable))
	if err != nil {
		return p
	}
	began := time.Now()
	p.running.Now = func() time.Time { return began.Add(time.Since(began) * time.Duration(times)) }
	p.running.After = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d/time.Duration(times), f).Stop }
	return p
}

// browse simulates a browser: it follows the redirects to the end.
func browse() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := authserver.Browse(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "test-browser:", err)
		os.Exit(1)
	}
}

// TestScripts runs every script with both profiles and both stores, each in its own environment.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("find the scripts: %v", err)
	}
	// A child inherits ignored signals, as under nohup, but no handlers.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		for _, store := range []string{home.StoreFile, home.StoreKeychain} {
			for _, script := range scripts {
				t.Run(strings.Join([]string{name(script), profile, store}, "-"), func(t *testing.T) {
					if reason := leftOut(name(script), profile, store); reason != "" {
						t.Skip(reason)
					}
					together(t, store)
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
	if s.store == home.StoreKeychain {
		s.keyring = startKeychain(t)
	}
	t.Cleanup(func() {
		if !s.proven && !t.Failed() {
			t.Errorf("%s must end with: erased", script)
		}
	})
	deadline, _ := t.Deadline()
	// The scripts are parallel tests; the group returns when all have finished.
	t.Run("script", func(t *testing.T) {
		testscript.Run(t, testscript.Params{
			Files:               []string{script},
			Setup:               s.raise,
			Cmds:                commands(),
			Condition:           s.is,
			Deadline:            deadline,
			WorkdirRoot:         s.workdirs,
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
		})
	})
	if left := s.awaitWorkers(0); len(left) > 0 {
		t.Errorf("processes are left: %q", left)
	}
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
		"carries":  (*stage).carries,
		"answered": (*stage).answered,
		"release":  (*stage).release,
		"holds":    (*stage).holds,
		"items":    (*stage).items,
		"stored":   (*stage).stored,
		"expand":   (*stage).expand,
		"slain":    (*stage).slain,

		"unfinished": (*stage).unfinished,
		"person":     (*stage).person,
		"approve":    (*stage).approve,

		"hostile-user": (*stage).hostileUser,
		"cut":          (*stage).cut,
		"trial":        (*stage).trial,
		"trying":       (*stage).trying,
		"erased":       (*stage).erased,

		"lock":       (*stage).lock,
		"unlock":     (*stage).unlock,
		"unprompted": (*stage).unprompted,
		"keychain":   (*stage).keychain,
		"ran":        (*stage).ran,
		"pad":        (*stage).pad,

		"own-clock":   (*stage).ownClock,
		"unreachable": (*stage).unreachable,
		"heal":        (*stage).heal,
		"got":         (*stage).got,
		"digest":      (*stage).digest,
		"rejected":    (*stage).rejected,
		"revoked":     (*stage).revoked,
		"replaced":    (*stage).replaced,
		"awaited":     (*stage).awaited,
		"settled":     (*stage).settled,
		"workers":     (*stage).workers,
		"holder":      (*stage).holder,
		"read-only":   (*stage).readOnly,
		"writable":    (*stage).writable,

		"other-bus":     (*stage).otherBus,
		"other-keyring": (*stage).otherKeyring,
		"untouched":     (*stage).untouched,

		"foreign": (*stage).foreign,
		"theirs":  (*stage).theirs,

		"refuse":  (*stage).refuse,
		"served":  (*stage).served,
		"spent":   (*stage).spent,
		"clean":   (*stage).clean,
		"serve":   (*stage).serve,
		"message": (*stage).message,
		"expires": (*stage).expires,
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

// A stage is the environment of a script: an authorization server, a store and a home directory.
type stage struct {
	t              *testing.T
	profile, store string
	server         *authserver.Server
	keyring        *testKeychain        // nil with the file store
	others         *testkeyring.Keyring // of another user; nil until first used
	home           string
	clockFile      string
	built          string // the program that herd runs; empty: the test build
	most           int    // most concurrent callers of herd; 0: as the script says
	api            *api   // nil without a client
	client         string // path of the client, if the script is about one
	workdirs       string // parent of the script's directory; empty: the system's temporary directory
	serving        *serving

	mu      sync.Mutex // guards ahead, which the server reads
	ahead   time.Duration
	drift   time.Duration // between the clocks of the program and the server
	proven  bool          // the script ended with "erased"
	lastGet string        // output of the last get
	tried   func() error  // ends what trying began

	theirLog int // requests that the server had received at a client's last request
}

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

func (s *stage) start() *authserver.Server {
	server, err := authserver.Start(authserver.Options{
		Profile: s.profile, Life: time.Hour, Now: s.now, AnyLoopbackPort: true, DeviceInterval: 1,
		User: authserver.User{Subject: "user-1", Email: "user@example.com", AccountID: "acct-1", UserID: "u-1", Plan: "plus"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = server.Close() })
	return server
}

// raise creates the environment of the script.
func (s *stage) raise(e *testscript.Env) error {
	s.home, s.clockFile = filepath.Join(e.WorkDir, "home"), filepath.Join(e.WorkDir, "clock")
	e.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(e.WorkDir, "no-bus"))
	if s.keyring != nil {
		e.Vars = append(e.Vars, s.keyring.Env()...)
	}
	e.Setenv("HOME", s.home)
	if runtime.GOOS == "windows" {
		e.Setenv("USERPROFILE", s.home)
		e.Setenv("XDG_DATA_HOME", filepath.Join(s.home, ".local", "share"))
		e.Setenv("XDG_STATE_HOME", filepath.Join(s.home, ".local", "state"))
	}
	e.Setenv("PROFILE", s.profile)
	e.Setenv("STORE", s.store)
	e.Setenv("ISSUER", s.server.URL())
	e.Setenv("CLIENT", map[string]string{
		refresh.ProfileOpenAI: authserver.OpenAIClientID,
		refresh.ProfileOAuth:  authserver.OAuthClientID,
	}[s.profile])
	e.Setenv("ROOT", filepath.Join(s.home, ".local", "share", "codex-cred"))
	e.Setenv("STATE", filepath.Join(s.home, ".local", "state", "codex-cred"))
	e.Setenv("LOGS", filepath.Join(s.home, ".local", "state", "codex-cred", "logs"))
	e.Setenv("BROWSER", "test-browser")
	// With -race every process would sleep a second before it exits.
	e.Setenv("GORACE", "atexit_sleep_ms=0")
	e.Setenv(clockVariable, s.clockFile)
	s.raiseClient(e)
	e.Values[stageKey{}] = s
	return errors.Join(os.Mkdir(s.home, 0o700), os.WriteFile(s.clockFile, []byte("0s"), 0o600))
}
