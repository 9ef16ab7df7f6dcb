package home

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/refresh"
)

// Helper returns what answers requests for tokens. start starts a worker, see
// [refresh.Gate]; outlives reports whether a worker keeps running when the job
// that started this process ends.
func (h *Home) Helper(
	start func(d helper.Demand, background bool) (io.ReadCloser, error), outlives func() bool,
) *helper.Helper {
	return &helper.Helper{
		Records: h.Records,
		Refresher: &refresh.Gate{
			Records: h.Records, Locks: h.Locks.RequireRoot(), Start: start, Now: h.now,
			Kinds: exit.ReplyKinds(), Holder: h.HolderOf,
		},
		Now: h.now, Outlives: outlives,
	}
}

// Rotation returns what refreshes in this process. at is for tests, see
// [refresh.Rotation].
func (h *Home) Rotation(at func(step string) error) *refresh.Rotation {
	return &refresh.Rotation{
		Records: h.Records, Locker: h.Flushing(h.Locks.RequireRoot()), Journals: h.Journals, Client: h.RefreshClient,
		Host: h.MachineID(), UnreachablePause: 2 * time.Second,
		Random: rand.Reader, Now: h.now, At: at, Kinds: exit.ReplyKinds(),
	}
}

// Flushing wraps the locker so that it writes the request log before it
// releases a lock.
func (h *Home) Flushing(l helper.Locker) FlushingLocker { return FlushingLocker{l, h.Recorder} }

// serializeKeychain acquires the lock of the keychain. It does not create the
// folder: a get that runs past `erase --all` must not recreate it.
func (h *Home) serializeKeychain(ctx context.Context) (done func() error, err error) {
	if _, err := os.Lstat(h.Locks.Folder()); err != nil {
		return nil, err
	}
	return h.Locks.Lock(ctx, filelock.Keychain)
}

// HolderOf describes the process that holds the lock. It returns an empty
// string if none does, or if the system does not say.
func (h *Home) HolderOf(lock string) string {
	p, held, err := h.Locks.Holder(lock)
	switch {
	case err != nil || !held || p.PID == 0:
		return ""
	case p.Stopped:
		return ProcessName(p) + ", which is stopped"
	}
	return ProcessName(p)
}

// NoteUndecided adds helper.ErrUnread to the answer or to the error, if the
// issuer's last answer was saved because it could not be read.
func (h *Home) NoteUndecided(account string, answer helper.Answer, err error) (helper.Answer, error) {
	a := answer.Account
	if err != nil {
		if !errors.Is(err, helper.ErrTemporary) {
			return answer, err
		}
		a, _ = h.Accounts.Load(account)
	}
	said := errors.Is(err, helper.ErrUnread) || errors.Is(answer.Warning, helper.ErrUnread)
	switch {
	case a.Unanswered == 0 || said || !h.Journals.IsKept(a.ID):
	case err == nil && answer.Warning == nil:
		answer.Warning = helper.ErrUnread
	case err == nil:
		answer.Warning = fmt.Errorf("%w; %w", helper.ErrUnread, answer.Warning)
	default:
		if about := (*helper.AccountError)(nil); errors.As(err, &about) {
			err = about.Err
		}
		err = helper.ForAccount(account, fmt.Errorf("%w; %w", helper.ErrUnread, err))
	}
	return answer, err
}

// EnterGate acquires the account's gate, unless another process holds it or the
// account does not exist. The caller must call leave.
func (h *Home) EnterGate(account string) (leave func(), ok bool) {
	gate := h.gateOf(account)
	unlock, ok, err := h.Locks.RequireRoot().Try(gate)
	if err != nil || !ok {
		return nil, false
	}
	if h.gateOf(account) != gate { // erased meanwhile: acquiring the gate may have recreated it
		_ = h.Locks.Remove(gate)
		_ = unlock()
		return nil, false
	}
	return func() { _ = unlock() }, true
}

// gateOf returns the name of the account's gate, or an empty string if the
// account does not exist.
func (h *Home) gateOf(account string) string {
	a, err := h.Accounts.Load(account)
	if err != nil || a.Erasing {
		return ""
	}
	return refresh.GateName(a.ID)
}

// ProcessName describes the process. Only its number is known if it has exited
// and left the lock to a child.
func ProcessName(h filelock.Holder) string {
	if h.Name == "" {
		return fmt.Sprintf("process %d", h.PID)
	}
	return fmt.Sprintf("%s, process %d", terminal.Sanitize(h.Name), h.PID)
}
