//go:build unix

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
	"time"

	"github.com/codex-cred/codex-cred/internal/test/authserver"
)

// A stress is the outcome of many concurrent calls.
type stress struct {
	Callers     int     `json:"callers"`
	Store       string  `json:"store"`
	Token       string  `json:"token"` // valid or expired
	Half        float64 `json:"half_seconds"`
	Last        float64 `json:"last_seconds"`
	Failures    int     `json:"failures"`
	Failure     string  `json:"first_failure,omitempty"`
	Tokens      int     `json:"different_tokens"`
	Requests    int     `json:"requests_at_token_endpoint"`
	DaemonAlive bool    `json:"daemon_alive"`
}

// States of a token.
const (
	valid   = "valid"
	expired = "expired"
)

// stress starts the callers at once. Each is a shell that waits for its release and then becomes
// codex-cred.
func (l *lab) stress(ctx context.Context, callers int, store, token string) (stress, error) {
	if token == expired {
		if err := l.expire(ctx, store); err != nil {
			return stress{}, err
		}
	}
	before := l.server.Count(authserver.GrantRefresh)
	dir, err := os.MkdirTemp(l.dir, "herd-")
	if err != nil {
		return stress{}, err
	}
	p, err := l.gather(ctx, callers, store, dir)
	if err != nil {
		return stress{}, err
	}
	ended := p.release()
	h := stress{
		Callers: callers, Store: store, Token: token,
		Half: spreadOf(ended).Median, Last: maxOf(ended),
		Requests:    l.server.Count(authserver.GrantRefresh) - before,
		DaemonAlive: l.keyring == nil || l.keyring.Alive(),
	}
	if err := h.countFailures(p.calls, dir, l.server.Accepts); err != nil {
		return h, err
	}
	return h, os.RemoveAll(dir)
}

// expire replaces the stored token by an expired one. The next one is valid.
func (l *lab) expire(ctx context.Context, store string) error {
	const life = 2 * time.Second
	l.server.SetLife(life)
	token, err := l.output(ctx, store, "get", "--refresh")
	l.server.SetLife(aWhile)
	if err != nil {
		return err
	}
	const look = 50 * time.Millisecond
	for l.server.Accepts(strings.TrimSpace(token)) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
	return nil
}

// A pack is a set of shells that wait for their release.
type pack struct {
	calls []*exec.Cmd
	gate  *os.File // closing it releases them
}

// gather returns when every shell waits. Shell number n writes its output to the files n.out and
// n.err.
func (l *lab) gather(ctx context.Context, callers int, store, dir string) (*pack, error) {
	waiting, gate, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	ready, here, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = ready.Close() }()
	p := &pack{gate: gate}
	p.calls, err = l.startShells(ctx, callers, store, dir, waiting, here)
	// Only the shells hold them from now on: ready ends if all of them have exited.
	err = errors.Join(err, waiting.Close(), here.Close())
	var one [1]byte
	for range callers {
		if err == nil {
			_, err = ready.Read(one[:])
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("gather %d callers: %w", callers, err), gate.Close())
	}
	return p, nil
}

func (l *lab) startShells(ctx context.Context, callers int, store, dir string, files ...*os.File) (started []*exec.Cmd, err error) {
	const script = `exec >"$1.out" 2>"$1.err"; printf . >&4; read -r _ <&3; shift; exec "$@" 3<&- 4>&-`
	for n := range callers {
		cmd := exec.CommandContext(ctx, "sh", "-c", script, "sh", filepath.Join(dir, strconv.Itoa(n)), l.ours(), "get") //nolint:gosec // the program that was built
		cmd.Env = l.env(store)
		cmd.ExtraFiles = files
		if err := cmd.Start(); err != nil {
			return started, err
		}
		started = append(started, cmd)
	}
	return started, nil
}

// release returns the time in seconds that each took.
func (p *pack) release() []float64 {
	ended := make([]float64, len(p.calls))
	var all sync.WaitGroup
	start := time.Now()
	_ = p.gate.Close()
	for n, cmd := range p.calls {
		all.Go(func() {
			_ = cmd.Wait() // countFailures reads its exit status
			ended[n] = time.Since(start).Seconds()
		})
	}
	all.Wait()
	return ended
}

// countFailures counts failures and tokens. A token that the server does not accept is a failure.
func (h *stress) countFailures(calls []*exec.Cmd, dir string, accepts func(token string) bool) error {
	tokens := map[string]bool{}
	for n, cmd := range calls {
		path := filepath.Join(dir, strconv.Itoa(n))
		if !cmd.ProcessState.Success() {
			report, err := os.ReadFile(path + ".err") //nolint:gosec // of the lab
			if err != nil {
				return err
			}
			h.fail(fmt.Sprintf("%s: %s", cmd.ProcessState, strings.TrimSpace(string(report))))
			continue
		}
		token, err := os.ReadFile(path + ".out") //nolint:gosec // of the lab
		if err != nil {
			return err
		}
		if !accepts(strings.TrimSpace(string(token))) {
			h.fail("it printed a token that the server does not accept")
		}
		tokens[string(token)] = true
	}
	h.Tokens = len(tokens)
	return nil
}

func (h *stress) fail(how string) {
	if h.Failures++; h.Failure == "" {
		h.Failure = how
	}
}

func maxOf(series []float64) (most float64) {
	for _, v := range series {
		most = max(most, v)
	}
	return most
}
