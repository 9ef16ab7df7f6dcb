package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// A guide runs the steps of the tour.
type guide struct {
	out    io.Writer
	dir    string // temporary: the binary and its data
	binary string
	server *authserver.Server
	token  string // the newest access token
}

func prepare(ctx context.Context, out io.Writer) (*guide, error) {
	dir, err := os.MkdirTemp("", "codex-cred-demo-")
	if err != nil {
		return nil, err
	}
	g := &guide{out: out, dir: dir, binary: filepath.Join(dir, "codex-cred")}
	if runtime.GOOS == "windows" {
		g.binary += ".exe"
	}
	g.say("Building codex-cred ...")
	build := exec.CommandContext(ctx, "go", "build", "-o", g.binary, //nolint:gosec // our own path
		"github.com/codex-cred/codex-cred/cmd/codex-cred")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, errors.Join(fmt.Errorf("build codex-cred (run the tour from the checkout): %w", err), os.RemoveAll(dir))
	}
	if g.server, err = authserver.Start(authserver.Options{
		Profile: "openai", Life: life, AnyLoopbackPort: true,
	}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	g.say(
		"An authorization server with OpenAI's shapes listens at %s.\nIts access tokens live %s, its refresh tokens work once.",
		g.server.URL(), life,
	)
	return g, nil
}

func (g *guide) say(format string, args ...any) { g.tell(fmt.Sprintf(format+"\n", args...)) }

func (g *guide) tell(text string) { _, _ = io.WriteString(g.out, text) }

func (g *guide) close() error {
	return errors.Join(g.server.Close(), os.RemoveAll(g.dir))
}

func (g *guide) home() string { return filepath.Join(g.dir, "home") }

func (g *guide) command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, g.binary, args...) //nolint:gosec // the binary built above
	cmd.Env = append(os.Environ(), "CODEX_CRED_HOME="+g.home(), "BROWSER="+self, browseVariable+"=1",
		// The user's own settings must not affect the tour.
		"CI=", "CODEX_CRED_NO_INPUT=", "CODEX_CRED_ACCOUNT=", "CODEX_CRED_MIN_TTL=", "CODEX_CRED_TIMEOUT=")
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// run runs codex-cred in a separate process and returns its output.
func (g *guide) run(ctx context.Context, args ...string) (string, error) {
	cmd, err := g.command(ctx, args...)
	if err != nil {
		return "", err
	}
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("codex-cred %s: %w", strings.Join(args, " "), err)
	}
	return string(out), nil
}

func (g *guide) signIn(ctx context.Context) error {
	g.say("\n1. Sign in. The browser is played by this program.\n$ codex-cred login")
	_, err := g.run(ctx, "login", "--store", "file", "--issuer", g.server.URL(),
		"--redirect-uri", "http://127.0.0.1:0/auth/callback")
	return err
}

func (g *guide) get(ctx context.Context) error {
	g.say("\n2. Any program asks for the access token; the issuer is not asked.\n$ codex-cred get")
	out, err := g.run(ctx, "get")
	if err != nil {
		return err
	}
	g.token = strings.TrimSpace(out)
	g.say("%s   (refreshes so far: %d)", short(g.token), g.server.Count("refresh_token"))
	return g.want(0)
}

func (g *guide) want(refreshes int) error {
	if got := g.server.Count("refresh_token"); got != refreshes {
		return fmt.Errorf("the server saw %d refreshes, expected %d", got, refreshes)
	}
	return nil
}

func (g *guide) expire(ctx context.Context) error {
	g.say("\n3. Let it expire: waiting %s ...", life)
	for g.server.Accepts(g.token) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	g.say("The server no longer accepts the token.")
	return nil
}

const callers = 50

func (g *guide) herd(ctx context.Context) error {
	g.say("\n4. %d programs ask at once.\n$ for i in $(seq %d); do codex-cred get & done", callers, callers)
	answers := make([]string, callers)
	fail := make([]error, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { answers[i], fail[i] = g.run(ctx, "get") })
	}
	wg.Wait()
	if err := errors.Join(fail...); err != nil {
		return err
	}
	for _, a := range answers {
		if a != answers[0] {
			return errors.New("two callers got different tokens")
		}
	}
	g.say("%s   (%d equal answers, refreshes so far: %d)", short(answers[0]), callers, g.server.Count("refresh_token"))
	return g.want(1)
}

func (g *guide) list(ctx context.Context) error {
	g.say("\n5. Look at it.\n$ codex-cred list")
	out, err := g.run(ctx, "list")
	g.tell(out)
	return err
}

func (g *guide) erase(ctx context.Context) error {
	g.say("\n6. Revoke and delete it.\n$ codex-cred erase --revoke")
	out, err := g.run(ctx, "erase", "--revoke")
	if err != nil {
		return err
	}
	g.tell(strings.ReplaceAll(out, g.home(), "$CODEX_CRED_HOME"))
	if _, err := os.Lstat(g.home()); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is still there", g.home())
	}
	g.say("Nothing is left: the directory itself is gone.")
	return nil
}

// short abbreviates a token. The rest is enough to compare tokens by eye.
func short(token string) string {
	token = strings.TrimSpace(token)
	return fmt.Sprintf("%.8s...%s (%d characters)", token, token[max(0, len(token)-6):], len(token))
}
