package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
)

// runs runs the program, records its output, and checks that the exit code is one of the design.
func (w *randomWorld) runs(stdin string, args ...string) said {
	w.t.Helper()
	r := w.begin(func(r *run) { r.Stdin = strings.NewReader(stdin) }, args...)
	got := r.end()
	w.heard(got, args)
	return got
}

func (w *randomWorld) heard(got said, args []string) {
	line, _, _ := strings.Cut(got.stderr, "\n")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted(fmt.Sprintf("exit %d: %s: %s", got.code, strings.Join(args, " "), line))
	w.outputs.WriteString(got.stderr)
	if args[0] != "get" {
		w.outputs.WriteString(got.stdout)
	}
	if got.code > exit.Person && got.code != exit.Findings || strings.Contains(got.stderr, "goroutine ") {
		w.t.Errorf("%s: exit code %d: %s", strings.Join(args, " "), got.code, got.stderr)
	}
}

// changes runs a command that changes an account, and reports whether it succeeded. Without a
// disturbance it must succeed, or find the account busy.
func (w *randomWorld) changes(stdin string, args ...string) bool {
	w.t.Helper()
	before, calm := w.calm()
	got := w.runs(stdin, args...)
	after, _ := w.calm()
	if calm && before == after && !slices.Contains([]int{exit.OK, exit.Temporary, exit.Busy}, got.code) {
		w.t.Errorf("%s, undisturbed: exit code %d: %s", strings.Join(args, " "), got.code, got.stderr)
	}
	return got.code == exit.OK
}

// read runs a command that changes nothing except by a refresh.
func (w *randomWorld) read(random *rand.Rand) {
	w.t.Helper()
	name := randomNames()[random.IntN(len(randomNames()))]
	switch random.IntN(12) {
	case 0, 1:
		w.runs("", "get", name, "--refresh")
	case 2, 3, 4:
		w.killed(random, "get", name)
	case 5:
		w.killed(random, "get", name, "--refresh")
	case 6, 8:
		w.storms(random, name)
	case 9:
		w.runs("", "get", name, "--timeout", "200ms")
	case 7:
		w.runs("", []string{"list", "status", "paths"}[random.IntN(3)])
	default:
		w.runs("", "get", name)
	}
}

// storms runs several gets at once, and kills the first.
func (w *randomWorld) storms(random *rand.Rand, name string) {
	w.t.Helper()
	var others sync.WaitGroup
	own := rand.New(rand.NewPCG(random.Uint64(), 0)) // a Rand belongs to one goroutine
	others.Go(func() { w.killed(own, "get", name) })
	for range 1 + random.IntN(3) {
		others.Go(func() { w.runs("", "get", name) })
	}
	others.Wait()
}

// killed runs a get and kills it after a random time.
func (w *randomWorld) killed(random *rand.Rand, args ...string) {
	w.t.Helper()
	r := w.begin(func(*run) {}, args...)
	select {
	case <-r.ended:
	case <-time.After(time.Duration(random.IntN(300)) * time.Millisecond):
		_ = r.Process.Kill() // it may have exited
	}
	w.heard(r.end(), append([]string{args[0], "(killed)"}, args[1:]...))
}

// act performs a random action of a user or a program.
func (w *randomWorld) act(random *rand.Rand) {
	w.t.Helper()
	switch random.IntN(20) {
	case 0, 1:
		w.signsIn(random)
	case 2, 3:
		w.replaces(random)
	case 4:
		w.erases(random)
	case 5, 6:
		w.renames(random)
	case 7, 8:
		w.migrates(random)
	case 9:
		w.imports(random)
	case 10:
		w.stores(random)
	case 11:
		w.fixes()
	case 12:
		if n := w.reserve(random, true); n != nil {
			defer w.release(n)
			w.changes("", "use", n[0])
		}
	default:
		w.read(random)
	}
}

// fixes runs doctor while no account is being changed. Files have the time of the real clock, which
// is behind the program's clock here, so doctor would mistake a file that is being written for one
// left by a killed process.
func (w *randomWorld) fixes() {
	w.t.Helper()
	w.mu.Lock()
	if len(w.busy) > 0 {
		w.mu.Unlock()
		return
	}
	for _, name := range randomNames() {
		w.busy[name] = true
	}
	w.mu.Unlock()
	w.runs("", "doctor", "--fix")
	w.release(randomNames())
}

func (w *randomWorld) anyStore(random *rand.Rand) string {
	return []string{home.StoreFile, home.StoreKeychain}[random.IntN(2)]
}

// signsIn signs in under an unused name.
func (w *randomWorld) signsIn(random *rand.Rand) {
	w.t.Helper()
	n := w.reserve(random, false)
	if n == nil {
		return
	}
	defer w.release(n)
	root, ok := w.signs(n[0], "--store", w.anyStore(random))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[n[0]] = &randomSignIn{names: n, roots: []string{root}, perhaps: !ok}
}

// signs signs in, and returns the digest of the first refresh token of the sign-in, if there is
// one.
func (w *randomWorld) signs(name string, more ...string) (root string, ok bool) {
	w.t.Helper()
	w.login.Lock()
	defer w.login.Unlock()
	before := w.newestRoot()
	ok = w.changes("", w.loginArgs(append([]string{name}, more...))...)
	if root = w.newestRoot(); root == before {
		root = ""
	}
	return root, ok
}

// replaces signs in again.
func (w *randomWorld) replaces(random *rand.Rand) {
	w.t.Helper()
	n := w.reserve(random, true)
	if n == nil {
		return
	}
	defer w.release(n)
	root, ok := w.signs(n[0], "--replace")
	w.replaced(n[0], root, ok)
}

// replaced records that the account's sign-in was replaced, or may have been.
func (w *randomWorld) replaced(name, root string, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.owners[name]
	if root == "" {
		return
	}
	for _, old := range s.roots {
		w.ended[old] = true
	}
	if ok {
		s.roots, s.perhaps = nil, false
	}
	s.roots = append(s.roots, root)
}

// erases erases an account, and may sign in again under its name.
func (w *randomWorld) erases(random *rand.Rand) {
	w.t.Helper()
	n := w.reserve(random, true)
	if n == nil {
		return
	}
	defer w.release(n)
	args := []string{"erase", n[0], "--yes"}
	if random.IntN(2) == 0 {
		args = append(args, "--revoke")
	}
	w.mu.Lock()
	s := w.owners[n[0]]
	for _, root := range s.roots {
		w.ended[root] = true
	}
	w.mu.Unlock()
	ok := w.changes("", args...)
	w.mu.Lock()
	defer w.mu.Unlock()
	if ok {
		delete(w.owners, n[0])
	}
	s.perhaps = true
}

// renames renames an account.
func (w *randomWorld) renames(random *rand.Rand) {
	w.t.Helper()
	n := w.reserve(random, true, false)
	if n == nil {
		return
	}
	defer w.release(n)
	ok := w.changes("", "rename", n[0], n[1])
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.owners[n[0]]
	w.owners[n[1]], s.names = s, append(s.names, n[1])
	if ok {
		delete(w.owners, n[0])
		s.names = n[1:]
	}
}

// migrates moves an account to the other store.
func (w *randomWorld) migrates(random *rand.Rand) {
	w.t.Helper()
	if n := w.reserve(random, true); n != nil {
		defer w.release(n)
		w.changes("", "migrate", n[0], "--to", w.anyStore(random))
	}
}

// signIns returns the accounts that should exist.
func (w *randomWorld) signIns() []*randomSignIn {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*randomSignIn
	for _, name := range slices.Sorted(maps.Keys(w.owners)) {
		if s := w.owners[name]; !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
