package filelock

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// Try takes the lock if nobody holds it in any mode, and does not wait: ok is
// false if somebody does. That may be a [Locks.Wait] that is just getting
// through, so who is refused waits and looks again. A lock that is taken is as
// one of [Locks.Lock], and unlock gives it back. Names and errors are those of
// Lock, without ErrBusy for a lock that is held.
//
// A file that was deleted by hand while its lock was held keeps out nobody who
// comes anew: Try makes the file again and takes the lock on it, beside the old
// holder, whose unlock then touches only the deleted file.
func (l *Locks) Try(name string) (unlock func() error, ok bool, err error) {
	if err := checkName(name); err != nil {
		return nil, false, err
	}
	f, ok, err := try(l.dir, fileOf(name), (*kernelLock).TryLock)
	if err != nil || !ok {
		return nil, false, err
	}
	return func() error { return release(f) }, true, nil
}

func try(dir safefile.Dir, file string, take func(*kernelLock) (bool, error)) (f *kernelLock, ok bool, err error) {
	for {
		if err := dir.Create(file); err != nil {
			return nil, false, err
		}
		f := open(dir, file)
		locked, err := take(f)
		err = wrapError(f, err)
		if err == nil && (!locked || isCurrent(f)) {
			return f, locked, nil
		}
		if err == nil {
			err = release(f)
		}
		if err != nil && !mustReopen(err) {
			return nil, false, err
		}
	}
}

// Wait returns when nobody holds the lock exclusively. It takes the lock shared
// and gives it back at once, so all who wait get through together, and keeps
// nothing: somebody may hold the lock again when Wait returns. Nobody holds a
// lock without a file; Wait makes none. Of a file that was deleted meanwhile it
// waits for the old holder, and then for the holder of the new file.
//
// ErrBusy: ctx ended first. Names and other errors are those of [Locks.Lock].
func (l *Locks) Wait(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	for {
		if ctx.Err() != nil {
			return busyError(ctx, l.Path(name))
		}
		err := l.dir.CheckFile(fileOf(name))
		if errors.Is(err, helper.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		f := open(l.dir, fileOf(name))
		if err = wait(ctx, f, f.TryRLock, f.RLock); err == nil {
			last := isCurrent(f)
			if err = release(f); err == nil && last {
				return nil
			}
		}
		if err != nil && !mustReopen(err) {
			return err
		}
	}
}
