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
	// Holder names the process that holds a lock, for a person; it returns nothing
	// if nobody does, or the system does not say. It may be nil.
	Holder func(lock string) string
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

// NextName returns the name of the lock of the caller that takes the place of
// one that holds the gate and makes no progress.
func NextName(id helper.ID) string { return string(id) + "/next" }

// Gates returns the names of the locks that callers of a sign-in wait for: its gate, and
// the one for those who have passed that by.
func Gates(id helper.ID) []string { return []string{GateName(id), NextName(id)} }

// Refresh implements [helper.Refresher]. When ctx ends the error is ErrBusy, and
// the worker goes on.
func (g *Gate) Refresh(ctx context.Context, d helper.Demand) (helper.Record, error) {
	a, err := g.Records.Accounts.Load(d.Account)
	if err != nil {
		return helper.Record{}, helper.ForAccount(d.Account, err)
	}
	rec, err := g.refresh(ctx, d, a)
	if errors.Is(err, helper.ErrBusy) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		if stored, ok := g.inspectAtDeadline(ctx, d); ok {
			return stored, nil
		}
	}
	return rec, helper.ForAccount(d.Account, err)
}

func (g *Gate) refresh(ctx context.Context, d helper.Demand, a helper.Account) (helper.Record, error) {
	unlock, rec, done, err := g.acquireGate(ctx, d, a.ID)
	if done || err != nil {
		return rec, err
	}
	rec, err = g.runWorker(ctx, d, a.ID)
	g.removeStaleGates(a)
	return rec, joinErrors(err, unlock())
}

// acquireGate takes the gate, or reports that there is nothing to start. The gate only
// saves work, and its holder may be stopped: who has waited for a share of its
// time passes it by, and then the next one. The lock of the sign-in keeps the
// refresh token from being presented twice.
func (g *Gate) acquireGate(ctx context.Context, d helper.Demand, id helper.ID) (func() error, helper.Record, bool, error) {
	for _, gate := range Gates(id) {
		unlock, ok, err := g.Locks.Try(gate)
		if err == nil && !ok && d.Reason == helper.ReasonAging {
			err = fmt.Errorf("%w: %w", errRefreshRunning, helper.ErrBusy) // its token is good: it waits for nobody
		}
		if ok || err != nil {
			return unlock, helper.Record{}, false, err
		}
		unlock, rec, done, err := g.waitForGate(ctx, d, id, gate)
		if unlock != nil || done || err != nil {
			return unlock, rec, done, err
		}
	}
	return func() error { return nil }, helper.Record{}, false, nil
}

// maxGateWait bounds the wait for a gate: callers may be killed after five
// seconds, and a refresh usually takes less than two.
const maxGateWait = 2 * time.Second

// waitForGate waits for the gate and looks at what came of it; then it takes the gate
// if there is something to start. Unlock is nil if the gate is to be passed by. Out
// of patience it reads again only once no worker is at work: five hundred callers
// must not read a slow keychain again and again.
func (g *Gate) waitForGate(ctx context.Context, d helper.Demand, id helper.ID, gate string) (func() error, helper.Record, bool, error) {
	patience := maxGateWait
	if end, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(end)/3)
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var unlock func() error
	err := g.Locks.Wait(short, gate)
	if err == nil {
		if rec, done, err := g.inspect(ctx, d); done {
			return nil, rec, true, err
		}
		unlock, err = g.Locks.Lock(short, gate)
	}
	if errors.Is(err, helper.ErrBusy) && ctx.Err() == nil {
		if err := g.Locks.Wait(ctx, string(id)); err != nil {
			return nil, helper.Record{}, false, g.waitError(err, string(id))
		}
		rec, done, err := g.inspect(ctx, d)
		return nil, rec, done, err
	}
	return unlock, helper.Record{}, false, g.waitError(err, gate)
}

// waitError tells for whom the caller has waited.
func (g *Gate) waitError(err error, lock string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("wait for the refresh of another caller%s: %w", g.holderText(err, lock), err)
}

// holderText names the process that holds the lock, in brackets, if the system knows.
func (g *Gate) holderText(err error, lock string) string {
	if g.Holder == nil || !errors.Is(err, helper.ErrBusy) {
		return ""
	}
	if holder := g.Holder(lock); holder != "" {
		return " (" + holder + ")"
	}
	return ""
}

// inspectAtDeadline reads once more for a caller that is out of time: what it waited for
// may be stored, by a worker that was stopped after that.
func (g *Gate) inspectAtDeadline(ctx context.Context, d helper.Demand) (helper.Record, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	rec, done, err := g.inspect(ctx, d)
	return rec, done && err == nil
}

// removeStaleGates deletes the gates of a sign-in that was erased: an erase deletes them, and
// taking them may have made them anew.
func (g *Gate) removeStaleGates(a helper.Account) {
	found, err := g.Records.Accounts.Load(a.Name)
	if errors.Is(err, helper.ErrNotFound) || err == nil && !isSameSignIn(found, a) {
		for _, gate := range Gates(a.ID) {
			_ = g.Locks.Remove(gate) // where others wait for it, the system may keep it for them
		}
	}
}

// inspect reads again, and reports whether there is nothing to start: the demand is
// served, or the next refresh is not due.
func (g *Gate) inspect(ctx context.Context, d helper.Demand) (helper.Record, bool, error) {
	rec, err := g.Records.Read(ctx, d.Account)
	if err != nil || isSatisfied(demand{Demand: d}, rec.Credential, g.Now()) {
		return rec, true, err
	}
	// Of a stale credential the journal may have the successor, and who asks by hand
	// wants that looked at.
	if err := checkDue(rec, d.Reason, g.Now()); err != nil && !rec.Stale() && d.Reason != helper.ReasonHand {
		return helper.Record{}, true, err
	}
	return helper.Record{}, false, nil
}

// runWorker refreshes by a worker, unless another caller's has done it since this
// one read. While a worker is at work none is started: the caller waits for it. A
// worker that was killed is replaced once: the next one knows from the journal what
// it did. Who asked by hand has asked once: the next one waits its time if the
// refresh token may be spent.
func (g *Gate) runWorker(ctx context.Context, d helper.Demand, id helper.ID) (helper.Record, error) {
	for deaths := 0; deaths < 2; {
		if d.Reason != helper.ReasonAging {
			if err := g.Locks.Wait(ctx, string(id)); err != nil {
				return helper.Record{}, g.waitError(err, string(id))
			}
		}
		if rec, done, err := g.inspect(ctx, d); done {
			return rec, err
		}
		rec, err := g.askWorker(ctx, d, string(id))
		switch {
		case errors.Is(err, errNoReply):
			deaths++
			if d.Reason == helper.ReasonHand || d.Reason == helper.ReasonForce {
				d.Reason = helper.ReasonExpiry
			}
		case err == nil && !rec.Credential.Valid(g.Now()):
			return g.newestRecord(ctx, d, rec), nil
		case !errors.Is(err, errRefreshRunning) || ctx.Err() != nil || d.Reason == helper.ReasonAging:
			return rec, err
		}
	}
	return helper.Record{}, fmt.Errorf("%w: %w", errNoReply, helper.ErrTemporary)
}

// newestRecord returns what is stored, if it is newer than a reply that has expired: the
// caller may have been stopped before it read that.
func (g *Gate) newestRecord(ctx context.Context, d helper.Demand, replied helper.Record) helper.Record {
	d.Generation = replied.Credential.Generation
	if rec, done, err := g.inspect(ctx, d); done && err == nil {
		return rec
	}
	return replied
}

// askWorker starts a worker, which takes the lock, and waits for its reply.
func (g *Gate) askWorker(ctx context.Context, d helper.Demand, lock string) (helper.Record, error) {
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
		return helper.Record{}, fmt.Errorf("wait for the refresh, which goes on%s: %w: %w", g.holderText(helper.ErrBusy, lock), helper.ErrBusy, ctx.Err())
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
	g.removeStaleGates(a)
	if unlock() != nil {
		return
	}
	if pipe, err := g.Start(d, true); err == nil && pipe != nil {
		_ = pipe.Close()
	}
}
