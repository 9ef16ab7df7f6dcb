package filelock

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/safefile"
)

// Try takes the lock if it is free, without waiting: ok is false if it is held in any mode. The
// holder may be a [Locks.Wait] that holds it for a moment, so the caller should wait and try again.
// The lock is that of [Locks.Lock]; unlock releases it. Names and errors are those of Lock, without
// ErrBusy for a held lock.
//
// If the file was deleted by hand while the lock was held, Try creates it again and takes the lock
// of the new file, beside the old holder. The old holder's unlock then affects only the deleted
// file.
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

// Wait returns when no exclusive holder exists. It takes the lock shared and releases it at once,
// so that all waiting callers proceed together. The lock may be held again when Wait returns.
// Without a file the lock is free; Wait does not create one. If the file was deleted meanwhile,
// Wait waits for the old holder and then for that of the new file.
//
// ErrBusy: ctx was done first. Names and other errors are those of [Locks.Lock].
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
