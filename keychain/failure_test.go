//go:build linux

package keychain

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/storetest"
	"github.com/codex-cred/codex-cred/internal/test/parts"
	"github.com/codex-cred/codex-cred/internal/test/testkeyring"
)

// firstErrorTime is the time within which the first read reports a failure.
const firstErrorTime = 3500 * time.Millisecond

// TestFailureMatrix runs every failure with the default timeouts.
func TestFailureMatrix(t *testing.T) {
	want := map[testkeyring.Failure][]error{
		testkeyring.Missing:         {helper.ErrNotFound},
		testkeyring.Locked:          {helper.ErrLocked},
		testkeyring.LockedAsking:    {helper.ErrLocked},
		testkeyring.WrongPassword:   {helper.ErrLocked},
		testkeyring.NoCollection:    {helper.ErrUnavailable, ErrNoCollection},
		testkeyring.Stopped:         {helper.ErrTimeout},
		testkeyring.BusGivesUp:      {helper.ErrTimeout},
		testkeyring.Killed:          {helper.ErrLocked}, // the bus has started another daemon
		testkeyring.KilledInCall:    {helper.ErrLocked}, // another daemon has answered the second try
		testkeyring.BusKilledInCall: {helper.ErrUnavailable, ErrNoBus},
		testkeyring.NoProvider:      {helper.ErrUnavailable, ErrNoProvider},
		testkeyring.ProviderFails:   {helper.ErrUnavailable},
		testkeyring.ProviderHangs:   {helper.ErrTimeout},
		testkeyring.MuteSocket:      {helper.ErrTimeout},
		testkeyring.StaleSocket:     {helper.ErrUnavailable, ErrNoBus},
		testkeyring.NoSocket:        {helper.ErrUnavailable, ErrNoBus},
		testkeyring.BadAddress:      {helper.ErrUnavailable, ErrNoBus},
		testkeyring.Disabled:        {helper.ErrUnavailable, ErrNoBus},
		testkeyring.NoBus:           {helper.ErrUnavailable, ErrNoBus},
		testkeyring.NoBusButLaunch:  {helper.ErrUnavailable, ErrNoBus},
	}
	for _, failure := range testkeyring.Failures() {
		t.Run(string(failure), func(t *testing.T) {
			if want[failure] == nil {
				t.Fatal("nothing says which error is right")
			}
			t.Setenv("HOME", t.TempDir()) // for a daemon that must not be started
			name := storetest.NewName(t)
			k := testkeyring.Fail(t, failure, name)
			k.Setenv(t)
			wantFailure(t, name, want[failure])
			if k.Prompted() {
				t.Error("a person was asked for the password")
			}
			if left := k.Leftovers(t); len(left) > 0 {
				t.Errorf("processes are left: %q", left)
			}
		})
	}
}

// wantFailure wants exactly one kind of error from every method, and that of the first read before
// the caller's deadline.
func wantFailure(t *testing.T, name string, want []error) {
	t.Helper()
	s := New()
	ctx, cancel := context.WithTimeout(t.Context(), firstErrorTime)
	defer cancel()
	_, _, getErr := s.Get(ctx, name)
	wantNotErr(t, getErr, context.DeadlineExceeded)
	s.IdleTimeout = parts.Patience(t) // only the first read is timed
	if errors.Is(want[0], helper.ErrTimeout) {
		s.IdleTimeout = 200 * time.Millisecond
	}
	s.Timeout = max(s.Timeout, s.IdleTimeout)
	deleteErr := s.Delete(t.Context(), name, "x")
	_, putErr := s.Put(t.Context(), name, []byte("other"), "x")
	if errors.Is(getErr, helper.ErrNotFound) {
		wantErr(t, putErr, helper.ErrConflict)
		putErr = getErr
	}
	for _, err := range []error{getErr, deleteErr, putErr} {
		wantErr(t, err, want...)
		for _, kind := range []error{
			helper.ErrNotFound, helper.ErrLocked, helper.ErrUnavailable, helper.ErrTooLarge, helper.ErrCorrupt,
			helper.ErrTimeout, helper.ErrUnknown,
		} {
			if !errors.Is(want[0], kind) {
				wantNotErr(t, err, kind)
			}
		}
	}
}

var onBare = flag.Bool("bare", false, "read an item with go-keyring alone")

// TestBareLibrary shows, with go-keyring alone, that the matrix detects an open prompt and leftover
// daemons.
func TestBareLibrary(t *testing.T) {
	if *onBare {
		_, _ = keyring.Get(Service, testID)
		return
	}
	t.Setenv("HOME", t.TempDir())
	t.Run("asks a person and waits", func(t *testing.T) {
		k := testkeyring.Fail(t, testkeyring.LockedAsking, testID)
		ctx, cancel := context.WithTimeout(t.Context(), parts.Patience(t))
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- runGoKeyring(ctx, k) }()
		select {
		case <-k.Asked():
		case err := <-ended:
			t.Fatalf("it ended without a prompt: %v", err)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || !k.Prompted() {
			t.Errorf("it ended by itself: %v; prompted: %v", err, k.Prompted())
		}
	})
	t.Run("starts daemons", func(t *testing.T) {
		k := testkeyring.Fail(t, testkeyring.NoBusButLaunch, testID)
		if err := runGoKeyring(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if len(k.Leftovers(t)) == 0 {
			t.Error("nothing was left behind")
		}
	})
}

// runGoKeyring runs go-keyring in its own process, because the end of the bus kills that process.
func runGoKeyring(ctx context.Context, k *testkeyring.Keyring) error {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestBareLibrary$", "-bare")
	cmd.Env = append(cmd.Environ(), k.Env()...)
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
