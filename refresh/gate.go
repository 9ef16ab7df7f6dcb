package refresh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/codex-cred/codex-cred/helper"
)

// A Gate lets one of many concurrent callers start a worker, which refreshes in its own process, while the others wait
// for the result. A caller that is killed therefore loses no answer, and many callers cost one worker. The owner sets
// the fields before the first call; the methods may be called concurrently.
type Gate struct {
	Records helper.Records
	Locks   GateLocks
	// Start starts a worker for the demand and returns the pipe on which the worker replies. In the background the pipe
	// is not read.
	Start func(d helper.Demand, background bool) (io.ReadCloser, error)
	Now   func() time.Time
	// Kinds are the Kinds of the workers' [Rotation].
	Kinds map[string]error
	// Holder describes the process that holds a lock, for people, or returns "" if there is none or it is not known. It
	// may be nil.
	Holder func(lock string) string
}

var _ helper.Refresher = (*Gate)(nil)

// GateLocks are kernel locks, which are released when the process exits.
type GateLocks interface {
	// Try acquires the lock if it is free.
	Try(name string) (unlock func() error, ok bool, err error)
	// Lock acquires the lock, or returns ErrBusy when ctx is done.
	Lock(ctx context.Context, name string) (unlock func() error, err error)
	// Wait returns when the lock is free, or with ErrBusy when ctx is done. It does not acquire the lock.
	Wait(ctx context.Context, name string) error
	// Remove deletes the lock's file. Only the holder may call it.
	Remove(name string) error
}

// GateName returns the name of the sign-in's gate lock.
func GateName(id helper.ID) string { return string(id) + "/gate" }

// NextName returns the name of the second lock, for callers that stopped waiting for the holder of the gate.
func NextName(id helper.ID) string { return string(id) + "/next" }

// Gates returns the names of the locks that the sign-in's callers wait for, in order: the gate and the second lock.
func Gates(id helper.ID) []string { return []string{GateName(id), NextName(id)} }

// Refresh implements [helper.Refresher]. When ctx is done it returns ErrBusy, and the worker continues.
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

// acquireGate acquires the gate, or waits for its holder's result; done means that no worker is needed. The gate only
// saves work, and its holder may be stopped: a caller that has waited for part of its time goes on to the next lock,
// and then goes on without one. The lock of the sign-in prevents a second presentation of the refresh token.
func (g *Gate) acquireGate(
	ctx context.Context, d helper.Demand, id helper.ID,
) (func() error, helper.Record, bool, error) {
	for _, gate := range Gates(id) {
		unlock, ok, err := g.Locks.Try(gate)
		if err == nil && !ok && d.Reason == helper.ReasonAging {
			err = fmt.Errorf("%w: %w", errRefreshRunning, helper.ErrBusy) // its token is still valid, so it does not wait
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

// maxGateWait limits the wait for a gate: some callers are killed after five seconds, and a refresh usually takes less
// than two.
const maxGateWait = 2 * time.Second

// waitForGate waits for the gate and inspects the stored record; if a worker is still needed, it acquires the gate.
// Unlock is nil if the caller should go on without this gate. After a timeout it reads the record again only when no
// worker is running: hundreds of callers must not read a slow keychain repeatedly.
func (g *Gate) waitForGate(
	ctx context.Context, d helper.Demand, id helper.ID, gate string,
) (func() error, helper.Record, bool, error) {
	maxWait := maxGateWait
	if end, ok := ctx.Deadline(); ok {
		maxWait = min(maxWait, time.Until(end)/3)
	}
	short, cancel := context.WithTimeout(ctx, maxWait)
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

// waitError adds to err which process the caller waited for.
func (g *Gate) waitError(err error, lock string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("wait for the refresh of another caller%s: %w", g.holderText(err, lock), err)
}

// holderText returns the holder of the lock in parentheses, or "" if it is not known.
func (g *Gate) holderText(err error, lock string) string {
	if g.Holder == nil || !errors.Is(err, helper.ErrBusy) {
		return ""
	}
	if holder := g.Holder(lock); holder != "" {
		return " (" + holder + ")"
	}
	return ""
}

// inspectAtDeadline reads the record once more for a caller that is out of time: a worker may have stored the result
// before it was stopped.
func (g *Gate) inspectAtDeadline(ctx context.Context, d helper.Demand) (helper.Record, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	rec, done, err := g.inspect(ctx, d)
	return rec, done && err == nil
}

// removeStaleGates deletes the gates of an erased sign-in: acquiring them may have created them again after the erase.
func (g *Gate) removeStaleGates(a helper.Account) {
	found, err := g.Records.Accounts.Load(a.Name)
	if errors.Is(err, helper.ErrNotFound) || err == nil && !isSameSignIn(found, a) {
		for _, gate := range Gates(a.ID) {
			_ = g.Locks.Remove(gate) // Windows may keep it while others wait
		}
	}
}

// inspect reads the record and reports whether no worker is needed: the demand is satisfied, or the next refresh is not
// due.
func (g *Gate) inspect(ctx context.Context, d helper.Demand) (helper.Record, bool, error) {
	rec, err := g.Records.Read(ctx, d.Account)
	if err != nil || isSatisfied(demand{Demand: d}, rec.Credential, g.Now()) {
		return rec, true, err
	}
	// For a stale credential, and for a refresh requested by a person, a worker must look in the journal first.
	if err := checkDue(rec, d.Reason, g.Now()); err != nil && !rec.Stale() && d.Reason != helper.ReasonHand {
		return helper.Record{}, true, err
	}
	return helper.Record{}, false, nil
}

// runWorker refreshes in a worker, unless another caller's worker has done so. It first waits for a running worker to
// end. A killed worker is replaced once; the new one finds in the journal what the first one did. The second try of a
// person's refresh has the reason expiry, so it waits if the refresh token may be spent.
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

// newestRecord returns the stored record if it is newer than a reply that has expired: the caller may have been stopped
// before it read the reply.
func (g *Gate) newestRecord(ctx context.Context, d helper.Demand, replied helper.Record) helper.Record {
	d.Generation = replied.Credential.Generation
	if rec, done, err := g.inspect(ctx, d); done && err == nil {
		return rec
	}
	return replied
}

// askWorker starts a worker and waits for its reply. Lock is the lock that the worker acquires.
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
		return helper.Record{}, fmt.Errorf("wait for the refresh, which goes on%s: %w: %w",
			g.holderText(helper.ErrBusy, lock), helper.ErrBusy, ctx.Err())
	}
}

// Begin implements [helper.Refresher]. If the gate is held, a refresh is already running. The worker acquires the gate
// itself, because this process exits before the worker does.
func (g *Gate) Begin(d helper.Demand) {
	a, err := g.Records.Accounts.Load(d.Account)
	if err != nil {
		return // the next caller gets the error
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
