package refresh_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

const gateID = helper.ID("0123456789abcdef0123456789abcdef")

// A gateEnvironment is one account with an expired access token, and workers that the test controls.
type gateEnvironment struct {
	gate     *refresh.Gate
	accounts *accounts
	store    *storetest.Memory
	locks    *gateLocks

	mu      sync.Mutex // guards what follows
	workers []*worker
	fail    error // of Start
}

// A worker is a started worker. The test writes its reply.
type worker struct {
	*refresh.Rotation // that serves the demand, of the gateWorld's account
	demand            helper.Demand
	background        bool
	closed            chan struct{} // when the caller closes its end
	*io.PipeWriter
}

// A readEnd closes its channel when it is closed.
type readEnd struct {
	*io.PipeReader
	closed chan struct{}
}

func (r readEnd) Close() error {
	close(r.closed)
	return r.PipeReader.Close()
}

func newGateEnvironment(t *testing.T) *gateEnvironment {
	t.Helper()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	env := &gateEnvironment{
		accounts: &accounts{}, store: &storetest.Memory{},
		locks: &gateLocks{held: map[string]chan struct{}{}},
	}
	env.gate = &refresh.Gate{
		Records: helper.Records{Accounts: env.accounts, Stores: helper.Router{"memory": env.store}},
		Locks:   env.locks, Start: env.start, Now: func() time.Time { return now },
	}
	env.accounts.all = map[string]helper.Account{"work": {Name: "work", ID: gateID, Store: "memory", Generation: 1}}
	c := helper.Credential{
		AccessToken: helper.NewSecret("access1"), RefreshToken: helper.NewSecret("refresh1"), Generation: 1,
		ObtainedAt: now.Add(-time.Hour), Expiry: now, Issuer: helper.Issuer{TokenEndpoint: "https://a.example/token"},
	}
	env.write(t, c, "")
	return env
}

func (env *gateEnvironment) write(t *testing.T, c helper.Credential, expect helper.Version) {
	t.Helper()
	if _, err := env.gate.Records.Write(t.Context(), helper.Account{Name: "work", ID: gateID, Store: "memory"}, c,
		expect); err != nil {
		t.Fatal(err)
	}
}

// renew stores the credential of generation 2, which is fresh.
func (env *gateEnvironment) renew(t *testing.T) {
	t.Helper()
	rec, err := env.gate.Records.Read(t.Context(), "work")
	if err != nil {
		t.Fatal(err)
	}
	c := rec.Credential
	c.AccessToken, c.Generation, c.Expiry = helper.NewSecret("access2"), 2, env.gate.Now().Add(time.Hour)
	env.write(t, c, rec.Version)
}

func (env *gateEnvironment) start(d helper.Demand, background bool) (io.ReadCloser, error) {
	env.mu.Lock()
	defer env.mu.Unlock()
	if env.fail != nil {
		return nil, env.fail
	}
	read, write := io.Pipe()
	r := &refresh.Rotation{Records: env.gate.Records, Locker: &locker{}, Now: env.gate.Now}
	started := &worker{Rotation: r, demand: d, background: background, closed: make(chan struct{}), PipeWriter: write}
	env.workers = append(env.workers, started)
	return readEnd{read, started.closed}, nil
}

// reply replies as a worker that finds the demand satisfied.
func (w *worker) reply(t *testing.T) {
	t.Helper()
	if err := w.Serve(t.Context(), w.demand, w); err != nil {
		t.Error(err)
	}
	_ = w.Close()
}

// refuses replies that the refresh was refused.
func (w *worker) refuses() {
	_, _ = io.WriteString(w, `{"error":"no answer","kinds":["temporary"]}`)
	_ = w.Close()
}

func (env *gateEnvironment) wantStarts(t *testing.T, want int) {
	t.Helper()
	env.mu.Lock()
	defer env.mu.Unlock()
	if len(env.workers) != want {
		t.Fatalf("%d workers were started, want %d", len(env.workers), want)
	}
	for _, started := range env.workers {
		if diff := cmp.Diff(expired(), started.demand); diff != "" {
			t.Errorf("the worker's demand (-want +got):\n%s", diff)
		}
	}
}

func expired() helper.Demand {
	return helper.Demand{Account: "work", Generation: 1, Reason: helper.ReasonExpiry}
}

// A callResult is the result of one call.
type callResult struct {
	rec helper.Record
	err error
}

// call starts n callers and returns when all of them wait.
func (env *gateEnvironment) call(ctx context.Context, n int) <-chan callResult {
	got := make(chan callResult, n)
	for range n {
		go func() {
			rec, err := env.gate.Refresh(ctx, expired())
			got <- callResult{rec, err}
		}()
	}
	synctest.Wait()
	return got
}

// wantAll checks the results of n callers.
func wantAll(t *testing.T, got <-chan callResult, n int, token string, failure error) {
	t.Helper()
	for range n {
		c := <-got
		if !errors.Is(c.err, failure) || (c.err == nil) != (failure == nil) ||
			c.rec.Credential.AccessToken.Reveal() != token {
			t.Errorf("error %v, want %v; the token is the one wanted: %t", c.err, failure,
				c.rec.Credential.AccessToken.Reveal() == token)
		}
		if about := (*helper.AccountError)(nil); c.err != nil && (!errors.As(c.err, &about) || about.Account != "work") {
			t.Errorf("error %q does not say which account", c.err)
		}
	}
}

// gateLocks are locks within this process.
type gateLocks struct {
	mu      sync.Mutex
	held    map[string]chan struct{} // closed when it is free
	removed []string
	fail    error // of the next call
	failEnd error // of unlock
	// locking, if set, is called before Lock waits.
	locking func()
}

func (l *gateLocks) Try(name string) (func() error, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.fail; err != nil {
		l.fail = nil
		return nil, false, err
	}
	if l.held[name] != nil {
		return nil, false, nil
	}
	end := make(chan struct{})
	l.held[name] = end
	return func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, name)
		close(end)
		return l.failEnd
	}, true, nil
}

func (l *gateLocks) Lock(ctx context.Context, name string) (func() error, error) {
	if l.locking != nil {
		l.locking()
	}
	for {
		if unlock, ok, err := l.Try(name); ok || err != nil {
			return unlock, err
		}
		if err := l.Wait(ctx, name); err != nil {
			return nil, err
		}
	}
}

func (l *gateLocks) Wait(ctx context.Context, name string) error {
	l.mu.Lock()
	end := l.held[name]
	l.mu.Unlock()
	if end == nil {
		return nil
	}
	select {
	case <-end:
		return nil
	case <-ctx.Done():
		return helper.ErrBusy
	}
}

func (l *gateLocks) Remove(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removed = append(l.removed, name)
	return nil
}

// hold acquires the gate, as another process would.
func (env *gateEnvironment) hold(t *testing.T) (unlock func() error) {
	t.Helper()
	unlock, ok, err := env.locks.Try(refresh.GateName(gateID))
	if err != nil || !ok {
		t.Fatalf("the gate is taken: %v", err)
	}
	return unlock
}

// wantFree checks that the gate is free.
func (env *gateEnvironment) wantFree(t *testing.T) {
	t.Helper()
	env.locks.mu.Lock()
	defer env.locks.mu.Unlock()
	if len(env.locks.held) > 0 {
		t.Error("the gate is still held")
	}
}

// TestGate_RealLocks checks with kernel locks that many callers start one worker.
func TestGate_RealLocks(t *testing.T) {
	env := newGateEnvironment(t)
	env.gate.Locks = filelock.New(filepath.Join(t.TempDir(), "codex-cred"))
	env.gate.Start = func(d helper.Demand, background bool) (io.ReadCloser, error) {
		read, err := env.start(d, background)
		started := env.workers[len(env.workers)-1]
		go func() {
			env.renew(t)
			started.reply(t)
		}()
		return read, err
	}
	got := make(chan callResult, 10)
	for range 10 {
		go func() {
			rec, err := env.gate.Refresh(timeoutContext(t), expired())
			got <- callResult{rec, err}
		}()
	}
	wantAll(t, got, 10, "access2", nil)
	env.wantStarts(t, 1)
}

// TestGate_LeavesNoFile checks that a caller that waits for the gate during an erase does not leave a gate behind.
func TestGate_LeavesNoFile(t *testing.T) {
	env := newGateEnvironment(t)
	locks := filelock.New(filepath.Join(t.TempDir(), "codex-cred"))
	env.gate.Locks = eraseDuringLock{locks, locks, env.accounts}
	unlock, ok, err := locks.Try(refresh.GateName(gateID))
	if err != nil || !ok {
		t.Fatalf("the gate is taken: %v", err)
	}
	got := make(chan callResult, 1)
	go func() {
		rec, err := env.gate.Refresh(timeoutContext(t), expired())
		got <- callResult{rec, err}
	}()
	_ = unlock()
	wantAll(t, got, 1, "", helper.ErrNotFound)
	if files, err := locks.Files(); err != nil || len(files) > 0 {
		t.Errorf("left: %q, %v", files, err)
	}
}

// eraseDuringLock erases the account whenever a caller waits for a lock.
type eraseDuringLock struct {
	refresh.GateLocks
	files    *filelock.Locks
	accounts *accounts
}

func (l eraseDuringLock) Try(string) (func() error, bool, error) { return nil, false, nil }

func (l eraseDuringLock) Lock(ctx context.Context, name string) (func() error, error) {
	_ = l.accounts.Remove("work")
	_ = l.files.Remove(name)
	return l.files.Lock(ctx, name)
}

// TestGate_BeginLeavesNoFile checks that a caller that acquires the gate during an erase does not leave a gate behind.
func TestGate_BeginLeavesNoFile(t *testing.T) {
	env := newGateEnvironment(t)
	locks := filelock.New(filepath.Join(t.TempDir(), "codex-cred"))
	env.gate.Locks = eraseBeforeTry{locks, env.accounts}
	env.gate.Begin(expired())
	if files, err := locks.Files(); err != nil || len(files) > 0 {
		t.Errorf("left: %q, %v", files, err)
	}
}

// eraseBeforeTry erases the account whenever a caller tries a lock.
type eraseBeforeTry struct {
	*filelock.Locks
	accounts *accounts
}

func (l eraseBeforeTry) Try(name string) (func() error, bool, error) {
	_ = l.accounts.Remove("work")
	return l.Locks.Try(name)
}
