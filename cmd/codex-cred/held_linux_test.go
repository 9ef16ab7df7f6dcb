package main

import (
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestHeld checks that a worker that can write neither to the store nor to the journal keeps the
// credential, releases its caller and the next ones, and stores it later.
func TestHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age  time.Duration
		code int // of the get; in the background it does not wait
	}{"foreground": {2 * time.Hour, exit.Store}, "background": {54*time.Minute + 30*time.Second, exit.OK}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, home.StoreFile, nil, false)
			s.pass(c.age)
			stand := newStand(t)
			caller := s.begin(func(r *run) { r.Env = append(r.Env[:len(r.Env):len(r.Env)], stepVariable+"="+stand.name) }, "get", "work")
			ended, replied := make(chan int, 1), false
			for at := stand.next(t); ; at = stand.next(t) {
				if at.step == "lock" && !replied {
					whenEnded(t, at.worker, ended)
				}
				if replied && at.step == "put-before" {
					<-caller.ended // while the worker waits at the step
					s.wantFreeGate()
					at.answer(goOn)
					break
				}
				replied = replied || at.step == "reply"
				at.answer(map[bool]string{true: fail, false: goOn}[at.step == "answer-before" || at.step == "put-before"])
			}
			s.untilEnded(stand, ended)
			got := caller.end()
			if got.code != c.code || got.stdout == "" {
				t.Errorf("the get: %+v, want exit code %d and a token", got, c.code)
			}
			if c.code == exit.OK {
				got.stdout = "" // of the previous generation
			}
			s.wantWhole(got.stdout)
		})
	}
}

// wantFreeGate checks that no caller has to wait for another.
func (s *scene) wantFreeGate() {
	s.t.Helper()
	unlock, ok, err := filelock.New(s.root).Try(refresh.GateName(s.account().ID))
	if err != nil || !ok {
		s.t.Errorf("the gate is taken: %v", err)
		return
	}
	must(s.t, unlock())
}

// untilEnded lets the worker continue until it exits.
func (s *scene) untilEnded(stand *stand, ended <-chan int) {
	s.t.Helper()
	for {
		select {
		case at := <-stand.stops:
			at.answer(goOn)
		case <-ended:
			return
		case <-time.After(patience):
			s.t.Fatal("the worker does not end")
		}
	}
}
