package keychain

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

func TestMain(m *testing.M) {
	code := parts.Main{M: m}.Run()
	reportCrashes()
	os.Exit(code) //nolint:forbidigo // a TestMain is main
}

// TestStress reads with many concurrent callers. One daemon serves them all; with calls in another
// order it would crash (see TestFirstCallIsHarmless). internal/test/bench measures the time.
func TestStress(t *testing.T) {
	get := func(ctx context.Context, s *Store, name string) ([]byte, error) {
		item, _, err := s.Get(ctx, name)
		return item, err
	}
	quickRead := func(ctx context.Context, s *Store, name string) ([]byte, error) {
		return service(t, s).quickRead(ctx, name)
	}
	for _, c := range []struct {
		what  string
		reads int
		read  func(ctx context.Context, s *Store, name string) ([]byte, error)
	}{
		{"500", 500, get},
		{"2000", 2000, get},
		{"2000 without a second way", 2000, quickRead},
	} {
		t.Run(c.what, func(t *testing.T) {
			if c.reads > 500 {
				parts.NeedSlow(t)
			}
			stressReads(t, c.reads, c.read)
		})
	}
}

// stressReads reads an item that many times concurrently.
func stressReads(
	t *testing.T, reads int, read func(ctx context.Context, s *Store, name string) ([]byte, error),
) {
	t.Helper()
	k := testkeyring.Start(t)
	k.Setenv(t)
	s, name := New(), storetest.NewName(t)
	content := make([]byte, 2500) // as large as a sign-in
	if _, err := s.Put(t.Context(), name, content, ""); err != nil {
		t.Fatal(err)
	}
	s.Timeout = parts.Patience(t)
	s.IdleTimeout = s.Timeout
	failed := atOnce(reads, func() error {
		item, err := read(t.Context(), s, name)
		if err == nil && string(item) != string(content) {
			err = fmt.Errorf("other content, of %d bytes", len(item))
		}
		return err
	})
	if len(failed) > 0 {
		t.Errorf("%d of %d reads failed, the first one: %v", len(failed), reads, failed[0])
	}
	if !k.Alive() {
		t.Error("the keyring daemon died")
	}
}

// atOnce calls f n times concurrently and returns the errors.
func atOnce(n int, f func() error) []error {
	var wg sync.WaitGroup
	release, results := make(chan struct{}), make(chan error, n)
	for range n {
		wg.Go(func() {
			<-release
			results <- f()
		})
	}
	close(release)
	wg.Wait()
	close(results)
	var failed []error
	for err := range results {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}
