package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testbrowser"
)

const (
	nobody  = 65534
	startAt = "/start/"
)

// TestLogin_OtherUser checks that another user who reads the browser's arguments cannot use them,
// and that the sign-in continues.
func TestLogin_OtherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		parts.Need(t, "root", errors.New("only root can be another user"))
	}
	profiled(t, func(t *testing.T, server *authserver.Server, args []string) {
		login := startLogin(t, args)
		authorize, _ := url.Parse(login.authorize(t))
		opened := login.opened(t)
		query := authorize.Query()
		for _, name := range []string{"state", "code_challenge"} {
			if secret := query.Get(name); len(secret) != 43 || strings.Contains(opened, secret) {
				t.Errorf("the browser's arguments hold the %s, or it is %d characters long", name, len(secret))
			}
		}
		if status := asNobody(t, opened); status != "403" {
			t.Errorf("another user opens the start address: status %s, want 403", status)
		}
		login.says(t, "user 65534 (nobody) of this computer tried to open this sign-in and was refused; yours goes on")
		answer := query.Get("redirect_uri") + "?" + url.Values{"code": {"theirs"}, "state": {query.Get("state")}, "iss": {server.URL()}}.Encode()
		if status := asNobody(t, answer); status != "403" {
			t.Errorf("another user brings an answer: status %s, want 403", status)
		}
		login.says(t, "user 65534 (nobody) of this computer tried to complete this sign-in and was refused; yours goes on")
		if err := authserver.Browse(t.Context(), opened); err != nil {
			t.Errorf("the page of the user who signs in: %v", err)
		}
		login.says(t, "signed in as us***@example.com")
		if err := login.cmd.Wait(); err != nil || server.Count(authserver.GrantCode) != 1 {
			t.Errorf("login: %v, %d codes were sent, want 1", err, server.Count(authserver.GrantCode))
		}
	})
}

// TestLogin_OpenedTwice checks that a second browser of the same user is refused and the first
// continues. The address on the terminal works in any browser.
func TestLogin_OpenedTwice(t *testing.T) {
	profiled(t, func(t *testing.T, _ *authserver.Server, args []string) {
		login := startLogin(t, args)
		authorize, opened := login.authorize(t), login.opened(t)
		if status := curl(t, 0, opened); status != "303" {
			t.Errorf("the first browser: status %s, want 303", status)
		}
		if status := curl(t, 0, opened); status != "403" {
			t.Errorf("the second browser: status %s, want 403", status)
		}
		login.says(t, "another browser opened the one-time address of this sign-in again and was refused")
		if err := authserver.Browse(t.Context(), authorize); err != nil {
			t.Error(err)
		}
		login.says(t, "signed in as us***@example.com")
		if err := login.cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}

// TestLogin_RealBrowsers signs in with real browsers, and checks that their arguments contain
// nothing that lets another user sign in.
func TestLogin_RealBrowsers(t *testing.T) {
	for _, name := range testbrowser.Names() {
		t.Run(name, func(t *testing.T) {
			b := testbrowser.New(t, name)
			profiled(t, func(t *testing.T, server *authserver.Server, args []string) {
				homeDir := t.TempDir()
				clock := filepath.Join(homeDir, "clock")
				if err := os.WriteFile(clock, []byte("0s"), 0o600); err != nil {
					t.Fatal(err)
				}
				env := append(b.Env(), "BROWSER="+strings.Join(b.Command(), " "), clockVariable+"="+clock)
				login := startLoginWith(t, homeDir, env, args, "")
				authorize, err := url.Parse(login.authorize(t))
				if err != nil {
					t.Fatal(err)
				}
				login.says(t, "signed in as us***@example.com")
				arguments := strings.Join(b.Arguments(), "\n")
				if !strings.Contains(arguments, startAt) {
					t.Errorf("no process of the browser was given the start address:\n%s", arguments)
				}
				for _, name := range []string{"state", "code_challenge"} {
					if strings.Contains(arguments, authorize.Query().Get(name)) {
						t.Errorf("the arguments of a process of the browser hold the %s", name)
					}
				}
				if err := login.cmd.Wait(); err != nil {
					t.Error(err)
				}
				b.Quit(t)
			})
		})
	}
}

// profiled runs the test with a server of each profile, and the arguments of a login to it.
func profiled(t *testing.T, test func(t *testing.T, server *authserver.Server, args []string)) {
	t.Helper()
	for _, profile := range []string{authserver.ProfileOpenAI, authserver.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) {
			server, err := authserver.Start(authserver.Options{
				Profile: profile, AnyLoopbackPort: true, User: authserver.User{Email: "user@example.com", Subject: "user-1", AccountID: "acct-1"},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			args := []string{"--profile", profile, "--issuer", server.URL(), "--store", home.StoreFile}
			if profile == authserver.ProfileOAuth {
				args = append(args, "--client-id", authserver.OAuthClientID)
			} else {
				args = append(args, "--redirect-uri", "http://127.0.0.1:0/auth/callback")
			}
			test(t, server, args)
		})
	}
}

// A runningLogin is a login that waits for its user. Its browser is a script that only passes its
// arguments to the test.
type runningLogin struct {
	cmd     *exec.Cmd
	stderr  *bufio.Reader
	browser string // a named pipe
}

func startLogin(t *testing.T, args []string) *runningLogin {
	t.Helper()
	homeDir := t.TempDir()
	script, pipe, clock := filepath.Join(homeDir, "browser"), filepath.Join(homeDir, "pipe"), filepath.Join(homeDir, "clock")
	err := errors.Join(
		os.WriteFile(script, []byte("#!/bin/sh\necho \"$@\" >"+pipe+"\n"), 0o700),
		os.WriteFile(clock, []byte("0s"), 0o600),
		syscall.Mkfifo(pipe, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	return startLoginWith(t, homeDir, []string{"BROWSER=" + script, clockVariable + "=" + clock}, args, pipe)
}

func startLoginWith(t *testing.T, homeDir string, env, args []string, pipe string) *runningLogin {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 2*patience)
	cmd := exec.CommandContext(ctx, "codex-cred", append([]string{"login"}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + homeDir, "CODEX_CRED_HOME=" + filepath.Join(homeDir, "root")}, env...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	return &runningLogin{cmd: cmd, stderr: bufio.NewReader(stderr), browser: pipe}
}

// says reads the output of the program up to the line with the text.
func (l *runningLogin) says(t *testing.T, text string) {
	t.Helper()
	var said strings.Builder
	for {
		line, err := l.stderr.ReadString('\n')
		said.WriteString(line)
		if strings.Contains(line, text) {
			return
		}
		if err != nil {
			t.Fatalf("login never said %q, but:\n%s", text, said.String())
		}
	}
}

// authorize returns the address that the program prints.
func (l *runningLogin) authorize(t *testing.T) string {
	t.Helper()
	l.says(t, "opening your browser")
	line, err := l.stderr.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

// opened returns the arguments of the browser.
func (l *runningLogin) opened(t *testing.T) string {
	t.Helper()
	arguments, err := os.ReadFile(l.browser) // waits for the browser
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(string(arguments))
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, startAt) || u.Host == "" || u.RawQuery != "" {
		t.Fatalf("the browser was given %q, want a start address", address)
	}
	return address
}

func asNobody(t *testing.T, address string) (status string) {
	t.Helper()
	return curl(t, nobody, address)
}

// curl requests the address as the user and returns the HTTP status. It reads the address from
// standard input, because every user can read arguments.
func curl(t *testing.T, uid uint32, address string) (status string) {
	t.Helper()
	path, err := exec.LookPath("curl")
	parts.Need(t, "curl", err)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--silent", "--show-error", "--noproxy", "*", "--output", os.DevNull, "--write-out", "%{http_code}", "--config", "-")
	cmd.Stdin = strings.NewReader("url = " + strconv.Quote(address) + "\n")
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("curl as %d: %v: %s", uid, err, stderr.String())
	}
	return stdout.String()
}
