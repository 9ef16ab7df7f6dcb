package filelock

import (
	"errors"

	"github.com/codex-cred/codex-cred/helper"
)

// A Holder is the process that holds a lock.
type Holder struct {
	PID int // 0 if the system does not report it
	// Name is what the process calls itself. It is untrusted text.
	Name string
	// Stopped reports whether the process is suspended, as by Ctrl-Z.
	Stopped bool
}

// Holder returns the exclusive holder of the lock, and whether there is one. It creates no file,
// and takes the lock shared for a moment, as [Locks.Wait] does. Names and errors are those of Lock,
// without ErrBusy.
func (l *Locks) Holder(name string) (h Holder, held bool, err error) {
	if err := checkName(name); err != nil {
		return Holder{}, false, err
	}
	err = l.dir.CheckFile(fileOf(name))
	if errors.Is(err, helper.ErrNotFound) {
		return Holder{}, false, nil
	}
	if err != nil {
		return Holder{}, false, err
	}
	f := open(l.dir, fileOf(name))
	free, err := f.TryRLock()
	switch err = wrapError(f, err); {
	case errors.Is(err, helper.ErrNotFound): // deleted meanwhile
		return Holder{}, false, nil
	case err != nil:
		return Holder{}, false, err
	case free:
		return Holder{}, false, release(f)
	}
	return findHolder(l.Path(name)), true, nil
}
