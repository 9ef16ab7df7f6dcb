package refresh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Gate lets one of many callers start a worker, which refreshes in a process
// of its own, and lets the others wait for what it stores. So a caller that is
// killed loses no answer, and a herd costs one worker. Its fields are set by its
// owner; its methods may be called concurrently.
type Gate struct {
	Records helper.Records
	Locks   GateLocks
	// Start starts a worker for the demand and returns the pipe on which it
	// replies; nobody reads the reply of one in the background.
	Start func(d helper.Demand, background bool) (io.ReadCloser, error)
	Now   func() time.Time
	// Kinds are those of the workers' [Rotation].
	Kinds map[string]error
}

var _ helper.Refresher = (*Gate)(nil)

// GateLocks are the kernel locks of the gate; they end with the process.
type GateLocks interface {
	// Try takes the lock if it is free.
	Try(name string) (unlock func() error, ok bool, err error)
	// Lock takes the lock, or returns ErrBusy when ctx ends.
	Lock(ctx context.Context, name string) (unlock func() error, err error)
	// Wait returns when nobody has the lock, or with ErrBusy when ctx ends.
	Wait(ctx context.Context, name string) error
	// Remove deletes what is kept for the lock. Only the holder calls it.
	Remove(name string) error
}

// GateName returns the name of the lock of the sign-in's gate.
func GateName(id helper.ID) string { return string(id) + "/gate" }

// Refresh implements [helper.Refresher]. When ctx ends the error is ErrBusy, and
// the worker goes on.
func (g *Gate) Refresh(ctx context.Context, d helper.Demand) (helper.Record, error) {
	a, err := g.Records.Accounts.Load(d.Account)
	if err != nil {
		return helper.Record{}, helper.ForAccount(d.Account, err)
	}
	unlock, ok, err := g.Locks.Try(GateName(a.ID))
	if err == nil && !ok {
		var rec helper.Record
		if rec, ok, err = g.follow(ctx, d, a.ID); ok || err != nil {
			return rec, helper.ForAccount(d.Account, err)
		}
		unlock, err = g.Locks.Lock(ctx, GateName(a.ID))
	}
	if err != nil {
		return helper.Record{}, helper.ForAccount(d.Account, waiting(err))
	}
	rec, err := g.lead(ctx, d)
	g.tidy(a)
	return rec, helper.ForAccount(d.Account, both(err, unlock()))
}

// tidy deletes the gate of a sign-in that has gone: an erase deletes it, and
// taking it may have made it anew.
func (g *Gate) tidy(a helper.Account) {
	found, err := g.Records.Accounts.Load(a.Name)
	if errors.Is(err, helper.ErrNotFound) || err == nil && !same(found, a) {
		_ = g.Locks.Remove(GateName(a.ID)) // where others wait for it, the system may keep it for them
	}
}

func waiting(err error) error { return fmt.Errorf("wait for the refresh of another caller: %w", err) }

// follow waits for the caller that has the gate and looks at what came of it.
func (g *Gate) follow(ctx context.Context, d helper.Demand, id helper.ID) (helper.Record, bool, error) {
	if err := g.Locks.Wait(ctx, GateName(id)); err != nil {
		return helper.Record{}, false, waiting(err)
	}
	return g.look(ctx, d)
}

// look reads again, and reports whether there is nothing to start: the demand is
// served, or the next refresh is not due.
func (g *Gate) look(ctx context.Context, d helper.Demand) (helper.Record, bool, error) {
	rec, err := g.Records.Read(ctx, d.Account)
	if err != nil || served(demand{Demand: d}, rec.Credential, g.Now()) {
		return rec, true, err
	}
	if err := notDue(rec, d.Reason, g.Now()); err != nil && !rec.Stale() {
		return helper.Record{}, true, err
	}
	return helper.Record{}, false, nil
}

// lead refreshes by a worker, unless another caller's has done it since this
// one read. A worker that was killed is replaced once: the next one knows from
// the journal what it did. Who asked by hand has asked once: the next one waits
// its time if the refresh token may be spent.
func (g *Gate) lead(ctx context.Context, d helper.Demand) (helper.Record, error) {
	for range 2 {
		if rec, done, err := g.look(ctx, d); done {
			return rec, err
		}
		if rec, err := g.ask(ctx, d); !errors.Is(err, errNoReply) {
			return rec, err
		}
		if d.Reason == helper.ReasonHand {
			d.Reason = helper.ReasonExpiry
		}
	}
	return helper.Record{}, fmt.Errorf("%w: %w", errNoReply, helper.ErrTemporary)
}

// ask starts a worker and waits for its reply.
func (g *Gate) ask(ctx context.Context, d helper.Demand) (helper.Record, error) {
	pipe, err := g.Start(d, false)
	if err != nil {
		return helper.Record{}, fmt.Errorf("start the refresh: %w: %w", err, helper.ErrTemporary)
	}
	type answered struct {
		rec helper.Record
		err error
	}
	done := make(chan answered, 1)
	go func() {
		defer func() { _ = pipe.Close() }()
		rec, err := readReply(pipe, g.Kinds)
		done <- answered{rec, err}
	}()
	select {
	case a := <-done:
		return a.rec, a.err
	case <-ctx.Done():
		return helper.Record{}, fmt.Errorf("wait for the refresh, which goes on: %w: %w", helper.ErrBusy, ctx.Err())
	}
}

// Begin implements [helper.Refresher]. Who holds the gate refreshes already;
// the worker takes the gate itself, as this process ends before it does.
func (g *Gate) Begin(d helper.Demand) {
	a, err := g.Records.Accounts.Load(d.Account)
	if err != nil {
		return // the next caller is told
	}
	unlock, ok, err := g.Locks.Try(GateName(a.ID))
	if err != nil || !ok {
		return
	}
	g.tidy(a)
	if unlock() != nil {
		return
	}
	if pipe, err := g.Start(d, true); err == nil && pipe != nil {
		_ = pipe.Close()
	}
}
