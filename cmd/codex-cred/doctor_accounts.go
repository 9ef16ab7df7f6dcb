package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/disk/filelock"
	"github.com/codex-cred/codex-cred/internal/disk/journal"
	"github.com/codex-cred/codex-cred/refresh"
)

// readable returns the accounts to check whose files can be read. checkAccounts
// reports the others.
func (d *doctor) readable() ([]helper.Account, error) {
	names, err := d.Accounts.List()
	if err != nil {
		return nil, err
	}
	var accounts []helper.Account
	for _, name := range names {
		if a, err := d.Accounts.Load(name); err == nil && (d.account == "" || d.account == name) {
			accounts = append(accounts, a)
		}
	}
	return accounts, nil
}

// readAll reads the accounts to check, and their credentials if the store
// works.
func (d *doctor) readAll(ctx context.Context) error {
	names, err := d.Accounts.List()
	for _, name := range names {
		if d.account != "" && d.account != name {
			continue
		}
		o := accountState{name: name}
		if o.account, o.err = d.Accounts.Load(name); o.err == nil {
			o.err = d.down[o.account.Store]
		}
		if o.err == nil {
			o.rec, o.err = d.Records.Read(ctx, name)
		}
		d.have = append(d.have, o)
	}
	return err
}

// checkAccounts reads every account and its credential, and reports those that
// cannot be used.
func (d *doctor) checkAccounts(ctx context.Context) []finding {
	if err := d.readAll(ctx); err != nil {
		return []finding{problemFrom(err)}
	}
	if len(d.have) == 0 {
		return []finding{skipped("nobody has signed in yet; sign in with: codex-cred login")}
	}
	var found []finding
	for _, o := range d.have {
		if f := d.health(ctx, o); f.State != verdictOK {
			found = append(found, f.of(o.name))
		}
	}
	return orOK(found, "%s, signed in", terminal.Plural(len(d.have), "account"))
}

func (d *doctor) health(ctx context.Context, o accountState) finding {
	if d.down[o.account.Store] != nil {
		return skipped("its tokens are in the %s", home.StoreLabel(o.account.Store))
	}
	changing := d.changing(o.name)
	v := d.look(ctx, d.wiring, o.name, false)
	switch {
	case v.Health == healthErase:
		return skipped("half erased, see below")
	case errors.Is(v.err, helper.ErrNotFound) && (changing || d.changing(o.name)):
		return skipped("a sign-in, or another change of it, is under way")
	case d.pending(o.account):
		return skipped("a refresh of it is under way, or was cut short")
	case v.Health == healthCopy:
		return warning("codex-cred import --from "+fault.Quote(v.Shared),
			"it is a copy: %s refreshes the sign-in, and here nothing does", v.Shared)
	case errors.Is(v.err, helper.ErrNotFound):
		return problem("codex-cred login "+o.name, "its credential is gone: there is no %s", v.Place)
	case v.err != nil:
		return problemFrom(v.err)
	case o.account.Unanswered > 0:
		return warning("codex-cred refresh "+o.name, "the issuer has not answered %s of it; the next is due %s",
			terminal.Plural(o.account.Unanswered, "refresh"), terminal.FromNow(o.account.NotBefore, d.Now()))
	}
	return fine("")
}

// pending reports whether the newest credential may be in the journal.
func (d *doctor) pending(a helper.Account) bool {
	e, err := d.Journals.Read(a.ID, nil)
	return err == nil && e.State == journal.StateSending
}

// checkComputer reports accounts that another computer uses through this home.
func (d *doctor) checkComputer(context.Context) []finding {
	host, err := d.wiring.HostID()
	if err != nil {
		return []finding{problemFrom(err)}
	}
	if host == "" {
		return []finding{skipped("this system has no id of its own")}
	}
	var found []finding
	for _, o := range d.have {
		if other := o.account.Host; other != "" && other != host {
			found = append(found, problem("if this computer alone uses them: codex-cred migrate "+o.name+" --here",
				"its files are another computer's, and only one may refresh them").of(o.name))
			continue
		}
		mark, err := d.Journals.Read(o.account.ID, nil)
		if err == nil && mark.Host != "" && mark.Host != host {
			found = append(found, problem("codex-cred login "+o.name+" --replace",
				"another computer has refreshed it here: two of them use this home").of(o.name))
		}
	}
	return orOK(found, "no other one uses these files")
}

// checkJournals reports refreshes that were cut short. It runs before the
// accounts are read, because its fix may store their newest credential.
func (d *doctor) checkJournals(context.Context) []finding {
	accounts, err := d.readable()
	if err != nil {
		return []finding{problemFrom(err)}
	}
	var found []finding
	for _, a := range accounts {
		if a.ID == "" {
			continue
		}
		if _, held, err := d.Locks.Holder(string(a.ID)); err != nil || held {
			continue // a refresh is in progress; checkLocks reports it
		}
		if d.Journals.IsKept(a.ID) {
			found = append(found, warning("codex-cred refresh "+a.Name, "%s", helper.ErrUnread.Error()).of(a.Name))
		}
		e, err := d.Journals.Read(a.ID, nil)
		if !errors.Is(err, helper.ErrNotFound) {
			found = append(found, d.cutShort(e, err).of(a.Name).by(func(ctx context.Context) error {
				return d.settleJournal(ctx, a)
			}))
		}
	}
	return orOK(found, "no refresh was cut short")
}

func (d *doctor) cutShort(e journal.Entry, err error) finding {
	switch {
	case err != nil:
		return problem(d.fixIt(), "%s", terminal.OneLine(err.Error()))
	case e.State == journal.StateIntent:
		return warning(d.fixIt(), "a refresh was cut short %s, before it sent anything", terminal.FromNow(e.Time, d.Now()))
	}
	return problem(d.fixIt(), "a refresh was cut short %s, after it may have reached the issuer",
		terminal.FromNow(e.Time, d.Now()))
}

// lockWait bounds how long a check waits for a lock.
const lockWait = 10 * time.Second

// settleJournal stores the credential that waits in the journal. It sends
// nothing.
func (d *doctor) settleJournal(ctx context.Context, a helper.Account) error {
	waiting, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	unlock, err := d.Locks.Lock(waiting, string(a.ID))
	if err != nil {
		return err
	}
	return errors.Join(d.Rotation(d.at).Adopt(ctx, a), unlock())
}

// checkLocks reports which process holds which lock. It breaks no lock.
func (d *doctor) checkLocks(context.Context) []finding {
	var found []finding
	for _, o := range d.have {
		locks := []guarded{{name: filelock.SignIn + o.name, doing: "a sign-in, or another change of it"}}
		if o.account.ID != "" {
			locks = append(locks, guarded{name: string(o.account.ID), doing: "a refresh", precious: true})
			for _, gate := range refresh.Gates(o.account.ID) {
				locks = append(locks, guarded{name: gate, doing: "a caller that waits for a refresh"})
			}
		}
		for _, l := range locks {
			h, held, err := d.Locks.Holder(l.name)
			if err != nil {
				found = append(found, problemFrom(err).of(o.name))
			}
			if held {
				found = append(found, heldBy(h, l).of(o.name))
			}
		}
	}
	return orOK(found, "nobody holds one")
}

// A guarded is a lock and what is done under it.
type guarded struct {
	name, doing string
	precious    bool // killing the process may lose the sign-in
}

// heldBy returns the finding about a lock that is held.
func heldBy(h filelock.Holder, by guarded) finding {
	switch {
	case h.PID == 0:
		return warning("wait for the other codex-cred", "%s is under way", by.doing)
	case h.Stopped:
		return problem(fmt.Sprintf("kill -CONT %d", h.PID),
			"%s is under way in %s, which is stopped and keeps others waiting", by.doing, home.ProcessName(h))
	case by.precious:
		return warning("wait for it: it ends by itself", "%s is under way in %s", by.doing, home.ProcessName(h))
	}
	return warning(fmt.Sprintf("wait for it, or end it: kill %d", h.PID), "%s is under way in %s", by.doing,
		home.ProcessName(h))
}
