package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
	"github.com/codex-cred/codex-cred/refresh"
)

const (
	// randomSeedVariable repeats the choices of a run of TestRandom, randomTimeVariable sets its
	// duration.
	randomSeedVariable = "CODEX_CRED_TEST_RANDOM_SEED"
	randomTimeVariable = "CODEX_CRED_TEST_RANDOM_TIME"

	randomHands   = 3  // processes at once, besides those of the main goroutine
	randomActions = 10 // of each hand, between two checks
)

// TestRandom runs random actions of users and programs in several processes at once, while time
// passes, the keychain is locked, folders disappear and the issuer fails. It checks the server's
// log and the disk: no refresh token is presented after its successor was issued, no sign-in is
// lost or revoked unless it was erased or replaced, nothing is left behind, and no secret is
// printed.
//
// The system decides the order of concurrent actions, so a seed repeats the choices but not the
// run.
func TestRandom(t *testing.T) {
	seed, length := randomSeed(t), randomTime(t)
	t.Logf("%s=%d %s=%s", randomSeedVariable, seed, randomTimeVariable, length)
	keyring := testkeyring.Start(t)
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) {
			w := newRandomWorld(t, &stage{t: t, profile: profile, store: home.StoreKeychain, keyring: keyring}, seed)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%s=%d\n%s%s", randomSeedVariable, seed, strings.Join(w.story, "\n"), w.scene.story())
				}
			})
			for until := time.Now().Add(length / 2); time.Now().Before(until) && !t.Failed(); {
				w.round()
				w.check()
			}
			w.eraseAll()
			t.Logf("%d actions, %d refreshes, %d sign-ins", len(w.story), w.refreshes(), w.server.Count(authserver.GrantCode))
		})
	}
}

func randomSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv(randomSeedVariable)
	if text == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	must(t, err)
	return seed
}

func randomTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv(randomTimeVariable)
	switch {
	case text == "" && parts.Slow():
		return 2 * time.Minute
	case text == "":
		return 4 * time.Second
	}
	length, err := time.ParseDuration(text)
	must(t, err)
	return length
}

// A randomSignIn is what the test knows of one sign-in.
type randomSignIn struct {
	names []string // its account has one of these
	roots []string // digests of first refresh tokens; its own token descends from one of them
	// perhaps: it may be deleted, because an action that would delete or create it failed.
	perhaps bool
}

// A randomWorld is a home directory with concurrent random actions.
type randomWorld struct {
	*scene
	random *rand.Rand // of the main goroutine
	hands  []*rand.Rand
	login  sync.Mutex // serializes sign-ins, so that the server's log identifies each

	mu      sync.Mutex // guards the fields below
	owners  map[string]*randomSignIn
	busy    map[string]bool // names of accounts that are being changed
	ended   map[string]bool // roots of sign-ins that were erased or replaced
	unrest  int             // disturbances so far; odd during one
	story   []string
	outputs bytes.Buffer
	began   time.Time
}

func newRandomWorld(t *testing.T, of *stage, seed uint64) *randomWorld {
	t.Helper()
	w := &randomWorld{
		scene: raiseScene(t, of, false), random: rand.New(rand.NewPCG(seed, 0)),
		owners: map[string]*randomSignIn{}, busy: map[string]bool{}, ended: map[string]bool{}, began: time.Now(),
	}
	for i := range randomHands {
		w.hands = append(w.hands, rand.New(rand.NewPCG(seed, uint64(i+1))))
	}
	w.owners["work"] = &randomSignIn{names: []string{"work"}, roots: []string{w.newestRoot()}}
	return w
}

// randomNames returns the names that accounts may have.
func randomNames() []string { return []string{"work", "play", "lab", "team-a", "z.9"} }

// newestRoot returns the first refresh token of the last sign-in.
func (w *randomWorld) newestRoot() string {
	root := ""
	for _, e := range w.server.Log() {
		if e.Grant == authserver.GrantCode && e.IssuedRefresh != "" {
			root = e.IssuedRefresh
		}
	}
	return root
}

// round runs the actions of all hands, and disturbs them.
func (w *randomWorld) round() {
	w.t.Helper()
	var hands sync.WaitGroup
	done := make(chan struct{})
	for _, random := range w.hands {
		hands.Go(func() {
			for range randomActions {
				w.act(random)
			}
		})
	}
	go func() {
		hands.Wait()
		close(done)
	}()
	for {
		select {
		case <-done:
			return
		default:
			w.disturb()
		}
	}
}

// disturb changes the environment for about the duration of a few commands.
func (w *randomWorld) disturb() {
	w.t.Helper()
	undo := func() {}
	switch w.random.IntN(10) {
	case 0, 1, 6, 7:
		w.passes(time.Duration(1+w.random.IntN(70)) * time.Minute)
	case 2:
		w.note("the keychain is locked")
		w.unsettled()
		w.keyring.Lock(w.t)
		undo = func() {
			w.keyring.Unlock(w.t)
			w.note("the keychain is unlocked")
			w.unsettled()
		}
	case 3:
		undo = w.takeAway([]string{"", "", "accounts", "credentials", "journal", "locks"}[w.random.IntN(6)])
	case 4:
		kinds := []string{authserver.Status500, authserver.Status503, authserver.Status429, authserver.DropBefore}
		kind := kinds[w.random.IntN(len(kinds))]
		w.note("the issuer fails: " + kind)
		must(w.t, w.server.Fail(authserver.Fault{Kind: kind, Grant: authserver.GrantRefresh}))
	case 5, 8:
		w.note("the issuer takes its time")
		slow := authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh, Delay: 400 * time.Millisecond}
		must(w.t, w.server.Fail(slow))
	}
	for range 1 + w.random.IntN(3) {
		w.read(w.random)
	}
	undo()
}

// takeAway moves a folder away until back is called. Meanwhile the folder cannot be created,
// because its new content would be hidden when the old one returns.
func (w *randomWorld) takeAway(folder string) (back func()) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.busy) > 0 {
		return func() {}
	}
	for _, name := range randomNames() {
		w.busy[name] = true
	}
	w.noted("away is /" + folder)
	gone := away{filepath.Join(w.root, folder), filepath.Join(w.home, "away")}
	gone.leave(w.t)
	return func() {
		gone.back(w.t)
		w.mu.Lock()
		defer w.mu.Unlock()
		clear(w.busy)
		w.noted("back is /" + folder)
	}
}

// passes advances the clocks. Programs read the clock file at any moment, so passes replaces it.
func (w *randomWorld) passes(d time.Duration) {
	w.t.Helper()
	w.login.Lock() // the code of a sign-in would expire
	defer w.login.Unlock()
	w.note("time passes: " + d.String())
	w.scene.mu.Lock()
	defer w.scene.mu.Unlock()
	w.ahead += d
	must(w.t, os.WriteFile(w.clockFile+".new", []byte(w.ahead.String()), 0o600))
	must(w.t, os.Rename(w.clockFile+".new", w.clockFile))
}

func (w *randomWorld) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted(what)
}

// noted records a line of output. The caller holds w.mu.
func (w *randomWorld) noted(what string) {
	w.story = append(w.story, fmt.Sprintf("%9.3f %s", time.Since(w.began).Seconds(), what))
}

// unsettled begins or ends a disturbance.
func (w *randomWorld) unsettled() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unrest++
}

// calm returns the number of disturbances, and whether there is none at the moment.
func (w *randomWorld) calm() (int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.unrest, w.unrest%2 == 0
}

// reserve reserves names that are not being changed, with or without an account as owned says, and
// returns them. It returns nil if there are too few.
func (w *randomWorld) reserve(random *rand.Rand, owned ...bool) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var got []string
	names := randomNames()
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, want := range owned {
		i := slices.IndexFunc(names, func(n string) bool {
			s := w.owners[n]
			unsure := s != nil && (s.perhaps || len(s.names) > 1) // until the next check
			return !w.busy[n] && !unsure && !slices.Contains(got, n) && (s != nil) == want
		})
		if i < 0 {
			return nil
		}
		got = append(got, names[i])
	}
	for _, n := range got {
		w.busy[n] = true
	}
	return got
}

// release ends a reservation.
func (w *randomWorld) release(names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range names {
		delete(w.busy, n)
	}
}
