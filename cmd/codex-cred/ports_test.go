package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
)

// TestPorts checks that login listens on port 1455 or 1457. OpenAI's server redirects browsers to
// no other port.
func TestPorts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("wine's netstat names no processes")
	}
	first, err1 := net.Listen("tcp", "127.0.0.1:1455")
	second, err2 := net.Listen("tcp", "127.0.0.1:1457")
	parts.Need(t, "ports", errors.Join(err1, err2))
	server, err := authserver.Start(authserver.Options{Profile: authserver.ProfileOpenAI})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()

	code, stderr := loginAt(t, server)
	if code != exit.Temporary || !strings.HasSuffix(stderr, "--no-browser\n") {
		t.Errorf("with both ports busy: exit code %d, %s", code, stderr)
	}
	for _, port := range []string{"1455", "1457"} {
		want := regexp.MustCompile("port " + port + ` is held by \S+, process ` + strconv.Itoa(os.Getpid()))
		if !want.MatchString(stderr) {
			t.Errorf("the error lacks %s: %s", want, stderr)
		}
	}
	_ = second.Close()
	if code, stderr := loginAt(t, server); code != exit.OK || !strings.Contains(stderr, "127.0.0.1%3A1457%2Fauth%2Fcallback") {
		t.Errorf("with port 1455 busy: exit code %d, %s", code, stderr)
	}
	_ = first.Close()
	if code, stderr := loginAt(t, server); code != exit.OK || !strings.Contains(stderr, "127.0.0.1%3A1455%2Fauth%2Fcallback") {
		t.Errorf("with both ports free: exit code %d, %s", code, stderr)
	}
}

// TestPorts_NoBrowser checks that --no-browser reports other programs that hold the ports, and
// waits only for the paste.
func TestPorts_NoBrowser(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("wine's netstat names no processes")
	}
	first, err1 := net.Listen("tcp", "127.0.0.1:1455")
	second, err2 := net.Listen("tcp", "127.0.0.1:1457")
	parts.Need(t, "ports", errors.Join(err1, err2))
	defer func() { _, _ = first.Close(), second.Close() }()
	server, err := authserver.Start(authserver.Options{Profile: authserver.ProfileOpenAI})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	code, stderr := loginAt(t, server, "--no-browser")
	for _, want := range []string{
		`warning: codex-cred cannot listen on 127\.0\.0\.1:1455 or 127\.0\.0\.1:1457 \(port 1455 is held by \S+, process ` + strconv.Itoa(os.Getpid()),
		`only pasting the address completes this sign-in`,
		`nobody pasted the address`,
	} {
		if !regexp.MustCompile(want).MatchString(stderr) {
			t.Errorf("stderr lacks %s:\n%s", want, stderr)
		}
	}
	if code != exit.Temporary || strings.Contains(stderr, "waiting for the browser itself") {
		t.Errorf("exit code %d, stderr:\n%s", code, stderr)
	}
}

// loginAt signs in, in its own home directory, and returns the exit code and stderr.
func loginAt(t *testing.T, server *authserver.Server, more ...string) (int, string) {
	t.Helper()
	homeDir := t.TempDir()
	clock := filepath.Join(homeDir, "clock")
	if err := os.WriteFile(clock, []byte("0s"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "codex-cred", append([]string{"login", "--issuer", server.URL(), "--store", home.StoreFile}, more...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + homeDir, "CODEX_CRED_HOME=" + filepath.Join(homeDir, "root"), "BROWSER=test-browser", clockVariable + "=" + clock}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	_ = cmd.Run()
	return cmd.ProcessState.ExitCode(), stderr.String()
}
