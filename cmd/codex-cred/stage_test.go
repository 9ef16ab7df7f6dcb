package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testsecurity"
	"github.com/codex-cred/codex-cred/refresh"
)

// cred runs codex-cred, checks the exit code, and looks for secrets in its output and files.
//
//	cred CODE ARG...
func (s *stage) cred(ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("codex-cred", args[1:]...)
	code := 0
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("codex-cred %s: exit code %d, want %d", strings.Join(args[1:], " "), code, want)
	}
	s.wantNoIntruder(ts)
	stdout := ts.ReadFile("stdout")
	switch strings.Join(args[1:min(2, len(args))], "") {
	case "get":
		s.lastGet, stdout = stdout, ""
	case execName, helperName:
		stdout = "" // the output may contain a token
	}
	s.scan(ts, stdout, s.noFiles(ts))
}

// noFiles reports whether the keychain is the only store. Otherwise files contain tokens.
func (s *stage) noFiles(ts *testscript.TestScript) bool {
	inFiles, err := fallbackfile.New(ts.Getenv("ROOT")).List(s.t.Context())
	return s.store == home.StoreKeychain && (err != nil || len(inFiles) == 0)
}

// scan looks for secrets in the output, and in the home directory if homeDir is set.
func (s *stage) scan(ts *testscript.TestScript, stdout string, homeDir bool) {
	secrets := s.secrets()
	if len(secrets) == 0 {
		return // no sign-in yet
	}
	leaks := leakscan.Scan(secrets, "stdout", []byte(stdout))
	leaks = append(leaks, leakscan.Scan(secrets, "stderr", []byte(ts.ReadFile("stderr")))...)
	if homeDir {
		leaks = append(leaks, s.inHome(secrets)...)
	}
	if len(leaks) > 0 {
		ts.Fatalf("secrets where there must be none:\n%s", strings.Join(leaks, "\n"))
	}
}

// secrets returns the random parts of every secret that the server has issued.
func (s *stage) secrets() []string {
	issued := s.server.Secrets()
	secrets := make([]string, 0, len(issued))
	for _, secret := range issued {
		secrets = append(secrets, leakscan.RandomParts(secret)...)
	}
	return secrets
}

// inHome looks for secrets in the home directory. It tries again if a file disappears meanwhile: a
// worker removes its journal after get has already printed the credential.
func (s *stage) inHome(secrets []string) []string {
	for range 100 {
		leaks := leakscan.Tree(secrets, s.home)
		if !slices.ContainsFunc(leaks, func(leak string) bool { return strings.Contains(leak, syscall.ENOENT.Error()) }) {
			return leaks
		}
	}
	return []string{"the home never comes to rest"}
}

// login signs in with the profile and the store of the environment.
//
//	login CODE [ARG...]
func (s *stage) login(ts *testscript.TestScript, args []string) {
	s.cred(ts, append(args[:1:1], s.loginArgs(args[1:])...))
}

func (s *stage) loginArgs(more []string) []string {
	args := []string{"login", "--profile", s.profile, "--issuer", s.server.URL(), "--store", s.store}
	switch {
	case slices.Contains(more, "--device") && s.profile == refresh.ProfileOpenAI:
	case s.profile == refresh.ProfileOpenAI:
		args = append(args, "--redirect-uri", "http://127.0.0.1:0/auth/callback")
	default:
		args = append(args, "--client-id", "codex-cred-test")
	}
	return append(args, more...)
}

// clock advances the clocks of the program and of the server.
//
//	clock DURATION
func (s *stage) clock(ts *testscript.TestScript, args []string) {
	d, err := time.ParseDuration(args[0])
	ts.Check(err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
	ts.Check(s.setClock())
}

// pad sets the length of the padding in access tokens, in bytes.
//
//	pad BYTES
func (s *stage) pad(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	s.server.SetPadding(n)
}

// fault makes the server fail as [authserver.ParseFault] describes.
//
//	fault KIND [grant=GRANT] [times=COUNT]
func (s *stage) fault(ts *testscript.TestScript, args []string) {
	f, err := authserver.ParseFault(strings.Join(args, " "))
	ts.Check(err)
	if f.Kind == authserver.Delay && f.Delay == 0 {
		f.Delay = patience // so that a failing script does not hang
	}
	ts.Check(s.server.Fail(f))
}

// patience bounds every wait of a script.
const patience = time.Minute

// answered waits until the server has processed the given number of requests.
//
//	answered GRANT COUNT
func (s *stage) answered(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	ts.Check(s.server.Wait(ctx, args[0], n))
}

// release makes the server send the answers that the fault "delay" holds back.
//
//	release
func (s *stage) release(*testscript.TestScript, []string) { s.server.Release() }

// holds waits until the file contains the text.
//
//	holds FILE TEXT
func (s *stage) holds(ts *testscript.TestScript, args []string) {
	giveUp := time.After(patience)
	for {
		content, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && strings.Contains(string(content), args[1]) {
			return
		}
		select {
		case <-giveUp:
			ts.Fatalf("%s never held %s", args[0], args[1])
		case <-time.After(time.Millisecond):
		}
	}
}

// requests checks the number of requests that the server has received.
//
//	requests GRANT COUNT
func (s *stage) requests(ts *testscript.TestScript, args []string) {
	if got := strconv.Itoa(s.server.Count(args[0])); got != args[1] {
		ts.Fatalf("the server saw %s requests with grant %s, want %s", got, args[0], args[1])
	}
}

// herd runs many gets at once. All of them must print the same fresh token, and nothing else.
//
//	herd COUNT ARG...
func (s *stage) herd(ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	if s.most > 0 {
		n = min(n, s.most)
	}
	out := make([]string, n)
	fail := make([]error, n)
	var wg sync.WaitGroup
	began := time.Now()
	for i := range n {
		wg.Go(func() { out[i], fail[i] = quietly(ts, cmp.Or(s.built, "codex-cred"), args[1:]) })
	}
	wg.Wait()
	ts.Logf("%d callers took %s", n, time.Since(began).Round(time.Millisecond))
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

// quiet runs codex-cred with the environment of the script, without that of the test process, and
// returns an error if it writes to stderr. herd needs it, because testscript runs one command at a
// time.
func quiet(ts *testscript.TestScript, args []string) (string, error) {
	return quietly(ts, "codex-cred", args)
}

func quietly(ts *testscript.TestScript, program string, args []string) (string, error) {
	path, err := exec.LookPath(program)
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
	var env []string
	for _, name := range []string{
		"PATH", "HOME", "USERPROFILE", "XDG_DATA_HOME", "XDG_STATE_HOME", "BROWSER", "SSH_CONNECTION", "TERM", "NO_COLOR", clockVariable, hostVariable, "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", testsecurity.State,
		"SYSTEMROOT", "TMPDIR", "GOCOVERDIR", "GORACE", // Windows and the test binary need these
	} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// cut truncates a file in the middle of its last member.
//
//	cut FILE
func (s *stage) cut(ts *testscript.TestScript, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()-8))
}

// trial leaves the item of a killed store test in the store.
//
//	trial
func (s *stage) trial(ts *testscript.TestScript, _ []string) {
	w := &home.Home{Root: ts.Getenv("ROOT")}
	name := string(w.TrialID())
	if s.keyring == nil {
		ts.Check(os.WriteFile(filepath.Join(w.Root, "credentials", name), []byte("a trial"), 0o600))
		return
	}
	ts.Check(leaveItem(s.t, s.keyring, name, "a trial"))
}

// is evaluates the conditions of scripts about the profile and the store.
func (s *stage) is(condition string) (bool, error) {
	switch condition {
	case home.StoreFile, home.StoreKeychain:
		return condition == s.store, nil
	case refresh.ProfileOpenAI, refresh.ProfileOAuth:
		return condition == s.profile, nil
	case "bus":
		return onBus, nil
	case "root":
		return os.Geteuid() == 0 || parts.Required("root"), nil
	}
	return false, fmt.Errorf("there is no condition %q", condition)
}

// lock locks the keychain.
//
//	lock
func (s *stage) lock(*testscript.TestScript, []string) { s.keyring.Lock(s.t) }

// unlock unlocks the keychain.
//
//	unlock
func (s *stage) unlock(*testscript.TestScript, []string) { s.keyring.Unlock(s.t) }

// unprompted checks that the keychain prompted for no password.
//
//	unprompted
func (s *stage) unprompted(ts *testscript.TestScript, _ []string) {
	if s.keyring.Prompted() {
		ts.Fatalf("a person was asked to unlock the keychain")
	}
}
