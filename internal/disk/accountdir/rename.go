package accountdir

import (
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// Rename gives the account another name, and moves the choice of the default account with it. The
// account has exactly one name at every moment; after an interrupted Rename that is the old or the
// new one, and the same Rename completes it.
//
// The error is [helper.ErrInvalid] if the new name is taken, and ErrErasing with ErrNotFound if the
// account is being erased. The caller holds the account's lock.
func (d *Dir) Rename(from, to string) error {
	if err := errors.Join(helper.CheckName(from), helper.CheckName(to)); err != nil {
		return err
	}
	return d.withLock(func() error {
		a, err := d.checkRename(from, to)
		if err != nil {
			return err
		}
		if err := d.moveDefault(from, to); err != nil {
			return err
		}
		return d.rename(a, to)
	})
}

func (d *Dir) checkRename(from, to string) (helper.Account, error) {
	a, err := d.Load(from)
	if err != nil {
		return helper.Account{}, err
	}
	if a.Erasing {
		return helper.Account{}, fmt.Errorf("%w: credential %w", helper.ErrErasing, helper.ErrNotFound)
	}
	if _, err := d.Load(to); !errors.Is(err, helper.ErrNotFound) {
		return helper.Account{}, fmt.Errorf("account name %q is %w: it is taken", to, helper.ErrInvalid)
	}
	return a, nil
}

// rename makes the record valid under both names before it moves the file.
func (d *Dir) rename(a helper.Account, to string) error {
	r := toRecord(a)
	r.RenamedTo = to
	content, err := r.encode(a.Name)
	if err != nil {
		return err
	}
	if err := d.dir.Write(a.Name+suffix, content); err != nil {
		return err
	}
	if err := d.dir.Rename(a.Name+suffix, to+suffix); err != nil {
		return err
	}
	if _, err := d.update(to, func(*helper.Account) error { return nil }); err != nil {
		return err
	}
	// This removes what an interrupted change left under the old name.
	if err := d.dir.Remove(a.Name + suffix); !errors.Is(err, helper.ErrNotFound) {
		return err
	}
	return nil
}

// moveDefault changes the choice of the default account if that is the renamed one.
func (d *Dir) moveDefault(from, to string) error {
	chosen, err := d.Default()
	if err != nil || chosen != from {
		return err
	}
	return d.choose(to)
}
