package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/worker"
	"github.com/codex-cred/codex-cred/internal/test/authserver"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestWorkers_DoNotPileUp runs callers with short timeouts while the issuer delays its answer. They
// start no second worker, and a caller with enough time gets what the worker stores.
func TestWorkers_DoNotPileUp(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		parts.Need(t, "root", fmt.Errorf("only root sees the workers"))
	}
	for _, profile := range []string{refresh.ProfileOpenAI, refresh.ProfileOAuth} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			s := newSceneOf(t, profile)
			old := s.cred("get", "work").stdout
			s.pass(2 * time.Hour)
			must(t, s.server.Fail(authserver.Fault{Kind: authserver.Delay, Grant: authserver.GrantRefresh, Delay: patience}))
			before := s.refreshes()
			first := s.begin(func(*run) {}, "get", "work", "--timeout", "1m")
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			must(t, s.server.Wait(ctx, authserver.GrantRefresh, before+1))
			must(t, first.Process.Kill()) // so that no process holds the gate
			if most := s.mostWorkers(func() { s.comeAndGo(80) }); most > 2 {
				t.Errorf("there were %d workers at once, want 2 at most", most)
			}
			last := s.begin(func(*run) {}, "get", "work", "--timeout", "1m")
			s.server.Release()
			if said := last.end(); said.code != exit.OK || said.stdout == old || said.stdout == "" {
				t.Errorf("who has the time: %+v", said)
			}
			if n := s.refreshes() - before; n != 1 {
				t.Errorf("%d refreshes, want 1", n)
			}
		})
	}
}

// comeAndGo runs n gets that time out at once, eight in parallel.
func (s *scene) comeAndGo(n int) {
	var started atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for started.Add(1) <= int64(n) {
				if said := s.cred("get", "work", "--timeout", "250ms"); said.code != exit.Busy && said.code != exit.Temporary || said.stdout != "" {
					s.t.Errorf("a get without the time to wait: %+v", said)
				}
			}
		})
	}
	wg.Wait()
}

// mostWorkers returns the largest number of concurrent workers of the fixture while do runs.
func (s *scene) mostWorkers(do func()) int {
	over, most := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			n = max(n, len(s.running(worker.Command)))
			select {
			case <-over:
				most <- n
				return
			default:
			}
		}
	}()
	do()
	close(over)
	return <-most
}
