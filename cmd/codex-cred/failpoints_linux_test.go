package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// Faults that hit a rotation at a step.
const (
	killWorker = "kill worker" // with SIGKILL; the caller starts another
	killCaller = "kill caller"
	killBoth   = "kill both"
	failing    = "error" // the step fails every time
	fullDisk   = "full disk"
)

func faults() []string { return []string{killWorker, killCaller, killBoth, failing, fullDisk} }

// A fate is the expected outcome of a fault.
type fate struct {
	code int // exit code of the get that it hits
	sent int // refreshes that the server has received by then
	// unsure: the refresh token may be used, so it is not presented for a while.
	unsure bool
	// lost: the refresh token is used, and the next refresh fails for good.
	lost bool
}

// fates are the expected outcomes at a step. A killed caller has the same outcome everywhere.
type fates struct {
	step                            string
	killWorker, killBoth, err, full fate
}

func table() []fates {
	const dead = -1
	done, unsure, lost := fate{sent: 1}, fate{code: exit.Temporary, unsure: true}, fate{code: exit.Temporary, sent: 1, unsure: true, lost: true}
	undone, stored := fate{code: dead}, fate{code: dead, sent: 1}
	deadUnsure, deadLost := fate{code: dead, unsure: true}, fate{code: dead, sent: 1, unsure: true, lost: true}
	refused := fate{code: exit.Store}
	return []fates{
		{"lock", done, undone, refused, refused},
		{"reread", done, undone, refused, refused},
		{"recover", done, undone, refused, refused},
		{"preflight", done, undone, refused, refused},
		{"mark", done, undone, refused, done},
		{"sending", done, undone, refused, done},
		{"send-before", unsure, deadUnsure, refused, done},
		{"send-after", lost, deadLost, lost, done},
		{"answer-before", lost, deadLost, done, done},
		{"answer-after", done, stored, done, done},
		{"parse", done, stored, fate{code: exit.Store, sent: 1}, done},
		{"put-before", done, stored, done, done},
		{"put-after", done, stored, done, done},
		{"readback", done, stored, done, done},
		{"account", done, stored, done, done},
		{"empty", done, stored, done, done},
		{"reply", done, stored, done, done},
	}
}

// of returns the outcome of the fault.
func (f fates) of(fault string) fate {
	return map[string]fate{
		killWorker: f.killWorker, killBoth: f.killBoth, failing: f.err, fullDisk: f.full,
		killCaller: {code: -1, sent: 1},
	}[fault]
}

// TestSteps checks that a rotation reaches every failpoint of the design once, in order.
func TestSteps(t *testing.T) {
	t.Parallel()
	s := newScene(t, home.StoreFile, nil, false)
	s.pass(2 * time.Hour)
	w := s.walk("", nil, "get", "work")
	if w.code != exit.OK || !slices.Equal(w.steps, steps()) {
		t.Errorf("exit code %d, steps %q, want 0 and %q", w.code, w.steps, steps())
	}
}

// TestFailsOnce checks that an error that the rotation retries is not reported.
func TestFailsOnce(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"put-before", "put-after", "readback"} {
		s := newScene(t, home.StoreFile, nil, false)
		s.pass(2 * time.Hour)
		w := s.walk(step, func(_ *run, at stop, hit int) {
			at.answer(map[bool]string{true: fail, false: goOn}[hit == 1])
		}, "get", "work")
		if w.hits == 0 || w.code != exit.OK || w.stderr != "" {
			t.Errorf("the step %s fails once: %+v, want a token and no warning", step, w)
		}
		s.wantWhole(w.stdout)
	}
}

// TestOneAskIsOnePresentation checks that refresh without --force does not risk the sign-in: after
// a worker was killed, the next worker does not present a refresh token that may be used, and the
// access token stays valid.
func TestOneAskIsOnePresentation(t *testing.T) {
	t.Parallel()
	for step, sent := range map[string]int{"mark": 1, "send-before": 0, "send-after": 1} {
		s := newScene(t, home.StoreFile, nil, false)
		old := s.cred("get", "work").stdout
		w := s.walk(step, func(caller *run, at stop, hit int) { s.strike(killWorker, caller, at, hit) }, "get", "work", "--refresh")
		if w.code != exit.OK || s.refreshes() != sent || (w.stdout == old) != (step != "mark") {
			t.Errorf("a worker was killed at %s: %+v after %d refreshes, want a token after %d", step, w.said, s.refreshes(), sent)
		}
		s.wantPrinted(w.said, "")
	}
}

// TestFailpoints injects every fault at every step, with both stores. A clean run follows. After it
// the sign-in must work; it may be lost only if the server has answered and the answer was not
// stored.
func TestFailpoints(t *testing.T) {
	stores, strikes := []string{home.StoreFile, home.StoreKeychain}, faults()
	if !parts.Slow() {
		stores, strikes = stores[:1], []string{killBoth}
	}
	for _, store := range stores {
		t.Run(store, func(t *testing.T) {
			var keyring *testkeyring.Keyring
			if store == home.StoreKeychain {
				keyring = testkeyring.Start(t)
			}
			count := &tally{results: map[string]string{}}
			t.Run("step", func(t *testing.T) {
				for _, row := range table() {
					for _, fault := range strikes {
						t.Run(strings.ReplaceAll(row.step+" "+fault, " ", "-"), func(t *testing.T) {
							t.Parallel()
							s := newScene(t, store, keyring, fault == fullDisk)
							strike := func(caller *run, at stop, hit int) { s.strike(fault, caller, at, hit) }
							count.add(row.step, fault, s.suffer(row.step, row.of(fault), strike))
						})
					}
				}
			})
			if parts.Slow() && !strings.Contains(flag.Lookup("test.run").Value.String(), "/step/") { // not with -run of some
				count.check(t)
			}
		})
	}
}

// suffer injects a fault and returns the outcome for the sign-in.
func (s *scene) suffer(step string, want fate, strike func(caller *run, at stop, hit int)) string {
	s.t.Helper()
	s.pass(2 * time.Hour)
	w := s.walk(step, strike, "get", "work")
	if w.hits == 0 {
		s.t.Fatalf("the fault did not strike: the steps were %q", w.steps)
	}
	if w.code != want.code || s.refreshes() != want.sent {
		s.t.Errorf("exit code %d after %d refreshes, want %+v: %s", w.code, s.refreshes(), want, w.stderr)
	}
	s.wantPrinted(w.said, "")
	s.makeRoom()
	if want.unsure {
		if early := s.cred("get", "work"); early.code != exit.Temporary || s.refreshes() != want.sent {
			s.t.Errorf("a get before its time = %+v after %d refreshes, want exit code %d and none", early, s.refreshes(), exit.Temporary)
		}
	}
	s.untilDue()
	if want.lost {
		return s.wantLost()
	}
	return s.wantWhole(w.stdout)
}

// untilDue advances the clock until the next refresh is due.
func (s *scene) untilDue() {
	s.t.Helper()
	if due := s.account().NotBefore; due.After(s.now()) {
		s.pass(due.Sub(s.now()) + time.Second)
	}
}

// strike injects the fault.
func (s *scene) strike(fault string, caller *run, at stop, hit int) {
	s.t.Helper()
	if hit > 1 && fault != failing {
		at.answer(goOn)
		return
	}
	if fault == killCaller || fault == killBoth {
		must(s.t, caller.Process.Kill())
		<-caller.ended
	}
	switch fault {
	case killWorker, killBoth:
		must(s.t, unix.Kill(at.worker, unix.SIGKILL))
	case failing:
		at.answer(fail)
	case fullDisk:
		s.fill()
		at.answer(goOn)
	default:
		at.answer(goOn)
	}
}

// wantPrinted checks that get printed a valid token, the same as before if there was one, and no
// token if it failed.
func (s *scene) wantPrinted(got said, before string) {
	s.t.Helper()
	switch {
	case got.code != exit.OK && got.stdout != "":
		s.t.Errorf("exit code %d, and something was printed", got.code)
	case got.code == exit.OK && (strings.Count(got.stdout, "\n") != 1 || !s.server.Accepts(strings.TrimSuffix(got.stdout, "\n"))):
		s.t.Error("the server does not accept what was printed")
	case got.code == exit.OK && before != "" && got.stdout != before:
		s.t.Error("two callers of one generation got different tokens")
	}
}

// wantWhole checks that the next get has the token of the one refresh, and that the sign-in can be
// refreshed again.
func (s *scene) wantWhole(printed string) string {
	s.t.Helper()
	clean := s.cred("get", "work")
	s.inspect("after a clean get")
	if clean.code != exit.OK || clean.stderr != "" || s.refreshes() != 1 {
		s.t.Errorf("a clean get: %+v after %d refreshes, want a token after 1", clean, s.refreshes())
	}
	s.wantPrinted(clean, printed)
	next := s.cred("get", "work", "--refresh")
	s.inspect("after the next refresh")
	if next.code != exit.OK || next.stderr != "" || s.refreshes() != 2 || next.stdout == clean.stdout {
		s.t.Errorf("the next refresh: %+v after %d refreshes, want another token after 2", next, s.refreshes())
	}
	s.wantPrinted(next, "")
	if twice := s.presentedTwice(); len(twice) > 0 {
		s.t.Errorf("refresh tokens were presented twice: %q", twice)
	}
	return "recovered"
}

// wantLost checks that the used refresh token is presented exactly once more.
func (s *scene) wantLost() string {
	s.t.Helper()
	for range 2 {
		if clean := s.cred("get", "work"); clean.code != exit.SignIn || clean.stdout != "" || s.refreshes() != 2 {
			s.t.Errorf("a clean get: %+v after %d refreshes, want exit code %d after 2", clean, s.refreshes(), exit.SignIn)
		}
		s.inspect("after the loss")
	}
	if twice := s.presentedTwice(); len(twice) != 1 {
		s.t.Errorf("presented twice: %q, want one", twice)
	}
	return "lost"
}

// presentedTwice returns the refresh tokens that the server received again.
func (s *scene) presentedTwice() []string {
	var seen, twice []string
	for _, e := range s.server.Log() {
		if e.Grant != authserver.GrantRefresh {
			continue
		}
		if slices.Contains(seen, e.Presented) {
			twice = append(twice, e.Presented)
		}
		seen = append(seen, e.Presented)
	}
	return twice
}

// A tally counts the outcomes for the sign-ins.
type tally struct {
	mu      sync.Mutex
	results map[string]string
}

func (c *tally) add(step, fault, result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.results[step+"/"+fault] = result
}

// check checks that every fault hit every step of the design, and that only the unavoidable losses
// occurred.
func (c *tally) check(t *testing.T) {
	t.Helper()
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "step\t"+strings.Join(faults(), "\t"))
	counts := map[string]int{}
	var lost []string
	for _, step := range steps() {
		_, _ = fmt.Fprint(w, step)
		for _, fault := range faults() {
			result := c.results[step+"/"+fault]
			if result == "" {
				t.Errorf("nothing tells what a fault does: %s at %s", fault, step)
			}
			if result == "lost" {
				lost = append(lost, step+": "+fault)
			}
			counts[result]++
			_, _ = fmt.Fprint(w, "\t", result)
		}
		_, _ = fmt.Fprintln(w)
	}
	_ = w.Flush()
	t.Logf("%d recovered, %d lost\n%s", counts["recovered"], counts["lost"], text.String())
	want := []string{
		"send-after: kill worker", "send-after: kill both", "send-after: error",
		"answer-before: kill worker", "answer-before: kill both",
	}
	if !slices.Equal(lost, want) {
		t.Errorf("lost are %q, want %q", lost, want)
	}
}

// steps returns the failpoints of the design, in the order in which a rotation reaches them.
func steps() []string {
	return []string{
		"lock", "reread", "recover", "preflight", "mark", "sending", "send-before", "send-after", "answer-before",
		"answer-after", "parse", "put-before", "put-after", "readback", "account", "empty", "reply",
	}
}
