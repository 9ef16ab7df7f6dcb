package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/process"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
	"github.com/codex-cred/codex-cred/internal/disk/shimdir"
	"github.com/codex-cred/codex-cred/refresh"
)

// TestWorkerTellsOutcomes checks that an error of a worker reaches its caller unchanged.
func TestWorkerTellsOutcomes(t *testing.T) {
	// A worker returns none of these: they belong to the command line, or to erase.
	elsewhere := []error{
		context.Canceled, context.DeadlineExceeded, fault.ErrUsage, fault.ErrNeedsPerson, fault.ErrFindings, fault.ErrNotRevoked, fault.ErrNotMoved, fault.ErrProblems,
		fault.ErrForeign, wire.ErrMalformed, hosttable.ErrTable, shimdir.ErrArgs,
	}
	root := filepath.Join(t.TempDir(), "root")
	p := &program{
		Terminal: &terminal.Terminal{Now: time.Now},
		Process: &process.Process{
			Getenv: func(name string) string { return map[string]string{"CODEX_CRED_HOME": root}[name] },
			HostID: func() (string, error) { return "", nil },
		},
	}
	w, err := p.wire()
	if err != nil {
		t.Fatal(err)
	}
	c := helper.Credential{
		AccessToken: helper.NewSecret("access"), RefreshToken: helper.NewSecret("refresh"), Generation: 1,
		ObtainedAt: time.Now().Add(-2 * time.Hour), Expiry: time.Now().Add(-time.Hour),
		Issuer: helper.Issuer{Profile: refresh.ProfileOAuth, TokenEndpoint: "https://auth.example.com/token"},
	}
	if _, err := w.Keeper.SignIn(t.Context(), "work", home.StoreFile, c); err != nil {
		t.Fatal(err)
	}
	for _, o := range exit.Outcomes() {
		if slices.Contains(elsewhere, o.Err) {
			continue
		}
		t.Run(o.Err.Error(), func(t *testing.T) {
			happened := fmt.Errorf("at a step: %w", o.Err)
			gate := p.helper(w).Refresher.(*refresh.Gate)
			gate.Start = func(d helper.Demand, _ bool) (io.ReadCloser, error) {
				read, write := io.Pipe()
				worker := w.Rotation(p.at)
				worker.At = func(step string) error { return map[string]error{"lock": happened}[step] }
				go func() { _ = worker.Serve(context.WithoutCancel(t.Context()), d, write) }()
				return read, nil
			}
			_, err := gate.Refresh(t.Context(), helper.Demand{Account: "work", Generation: 1})
			got, want := exit.Classify(err), exit.Classify(happened)
			if !errors.Is(got.Err, want.Err) || exit.Hint(err) != exit.Hint(helper.ForAccount("work", happened)) {
				t.Errorf("the caller is told %q, want %q", exit.Hint(err), exit.Hint(helper.ForAccount("work", happened)))
			}
		})
	}
}
