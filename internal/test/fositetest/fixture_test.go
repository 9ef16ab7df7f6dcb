package fositetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/fallbackfile"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/accountdir"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/leakscan"
)

// testTimeout limits every wait.
const testTimeout = time.Minute

const (
	browse     = "browse" // the argument that makes the test binary a browser
	programVar = "CODEX_CRED_FOSITETEST_PROGRAM"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == browse {
		exitIf(visit(os.Args[2]))
		return
	}
	dir, err := os.MkdirTemp("", "fositetest")
	exitIf(err)
	program := filepath.Join(dir, "codex-cred")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	err = build(program)
	if err == nil {
		err = os.Setenv(programVar, program)
	}
	if err == nil {
		m.Run()
	}
	exitIf(errors.Join(err, os.RemoveAll(dir)))
}

func exitIf(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "fositetest:", err)
		os.Exit(1)
	}
}

func visit(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	return authserver.Browse(ctx, url)
}

// build builds the released program in its own module, with its own versions.
func build(program string) error {
	cmd := exec.Command(filepath.Join("..", "..", "..", "packaging", "build"), "-o", program)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// A fixture is a home directory and the server for its sign-ins.
type fixture struct {
	*server
	t          *testing.T
	home, root string
}

func newFixture(t *testing.T, life time.Duration) *fixture {
	t.Helper()
	t.Parallel()
	home := t.TempDir()
	return &fixture{server: serve(t, life), t: t, home: home, root: filepath.Join(home, "codex-cred")}
}

// A result is the outcome of a run of the program.
type result struct {
	stdout, stderr string
	code           int
}

// command returns the program with an environment that contains nothing of the test's.
func (s *fixture) command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		s.t.Error(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), testTimeout)
	s.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Getenv(programVar), args...)
	cmd.Env = []string{
		"HOME=" + s.home, "CODEX_CRED_HOME=" + s.root,
		"BROWSER=" + self + " " + browse,
		"CI=", "CODEX_CRED_NO_INPUT=",
		"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(s.home, "no-bus"),
		"PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
	}
	return cmd
}

func (s *fixture) run(args ...string) result {
	var stdout, stderr strings.Builder
	cmd := s.command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		s.t.Error(err)
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
}

// cred runs the program and wants the exit code.
func (s *fixture) cred(code int, args ...string) result {
	s.t.Helper()
	r := s.run(args...)
	if r.code != code {
		s.t.Fatalf("codex-cred %s: exit code %d, want %d: %s", strings.Join(args, " "), r.code, code, r.stderr)
	}
	return r
}

func (s *fixture) login(account string) result {
	s.t.Helper()
	r := s.cred(0, "login", account, "--profile", "oauth", "--issuer", s.url, "--client-id", clientID, "--store", "file")
	s.secret(account, "stdout", r.stdout)
	s.secret(account, "stderr", r.stderr)
	return r
}

// token runs get and returns the token, which must be the whole output.
func (s *fixture) token(account string, flags ...string) string {
	s.t.Helper()
	r := s.cred(0, append([]string{"get", account}, flags...)...)
	token, ended := strings.CutSuffix(r.stdout, "\n")
	if !ended || token == "" || strings.ContainsAny(token, " \n") || r.stderr != "" {
		s.t.Fatalf("get %s printed %d bytes, and on stderr %q; want a token alone", account, len(r.stdout), r.stderr)
	}
	return token
}

// stored returns what the program keeps of the account.
func (s *fixture) stored(account string) helper.Record {
	s.t.Helper()
	records := helper.Records{
		Accounts: accountdir.New(s.root, time.Now),
		Stores:   helper.Router{"file": fallbackfile.New(s.root)},
	}
	rec, err := records.Read(s.t.Context(), account)
	if err != nil {
		s.t.Fatal(err)
	}
	return rec
}

// secret searches for the account's tokens where they must not be.
func (s *fixture) secret(account, where, text string) {
	s.t.Helper()
	c := s.stored(account).Credential
	if leaks := leakscan.Scan([]string{c.AccessToken.Reveal(), c.RefreshToken.Reveal()}, where, []byte(text)); len(leaks) > 0 {
		s.t.Errorf("secrets where there must be none:\n%s", strings.Join(leaks, "\n"))
	}
}

// counts wants that number of requests with the grant.
func (s *fixture) counts(grant string, want int) {
	s.t.Helper()
	if got := s.count(grant); got != want {
		s.t.Fatalf("fosite saw %d requests with grant %s, want %d", got, grant, want)
	}
}
