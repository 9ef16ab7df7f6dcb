package main

import (
	"path/filepath"
	"testing"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
)

// TestTwoLocks moves the folder of locks away while a worker waits at a step. Another get creates
// the folder again and has its own lock. Only one of the two workers may present the refresh token.
func TestTwoLocks(t *testing.T) {
	t.Parallel()
	for i, step := range steps() {
		if step == "lock" || !sampled(i, 2, 1) { // before it has the lock there are no two
			continue
		}
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, home.StoreFile, nil, false)
			w := s.walk(step, func(_ *run, at stop, hit int) {
				if hit == 1 {
					locks := away{filepath.Join(s.root, "locks"), filepath.Join(s.home, "away")}
					locks.leave(t)
					s.wantPrinted(s.cred("get", "work", "--timeout", "5s"), "")
					s.awaitWorkers(1) // the one that waits here
					locks.back(t)
				}
				at.answer(goOn)
			}, s.begins(expiredToken)...)
			if w.hits == 0 {
				t.Fatal("the worker did not come to the step")
			}
			s.wantPrinted(w.said, "")
			s.settle()
			s.wantKept()
		})
	}
}
