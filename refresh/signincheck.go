package refresh

import (
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// errMissing: the account's file, or its directory, is missing, and nothing proves that the account was erased. It is
// returned with ErrTemporary.
var errMissing = errors.New("the account's file is missing, though no erase removed it; put the data directory back")

func missingError() error { return fmt.Errorf("%w: %w", errMissing, helper.ErrTemporary) }

// checkSignIn returns nil if the account has the sign-in, and errMoved if there is proof that the account has lost it:
// the account's file says that it is being erased, or names another sign-in while no file names this one. Any other
// error proves nothing: a missing file may be on a disk that is not mounted.
func (r *Rotation) checkSignIn(a helper.Account) error {
	found, ok, err := r.findAccount(a)
	switch {
	case ok && found.Erasing:
		return movedError()
	case ok && found.Name == a.Name:
		return nil
	case ok:
		return fmt.Errorf("the account is called %q now: %w", found.Name, helper.ErrTemporary)
	case err != nil && !errors.Is(err, helper.ErrNotFound):
		return err
	case err != nil:
		return missingError()
	}
	// After a move to another store the sign-in has the same grant under a new ID.
	if now, err := r.Records.Accounts.Load(a.Name); err == nil && now.ID != "" &&
		(now.Began == "" || now.Began != a.Began) {
		return movedError()
	}
	return missingError()
}

// findAccount returns the account whose file names the sign-in. Its name may differ: it may have been renamed while no
// process held the lock. If found and err are both zero, every account's file was read and none names the sign-in.
func (r *Rotation) findAccount(a helper.Account) (found helper.Account, ok bool, err error) {
	found, err = r.Records.Accounts.Load(a.Name)
	if err == nil && found.ID == a.ID {
		return found, true, nil
	}
	names, err := r.Records.Accounts.List()
	for _, name := range names {
		other, loadErr := r.Records.Accounts.Load(name)
		if loadErr == nil && other.ID == a.ID {
			return other, true, nil
		}
		err = joinErrors(err, loadErr)
	}
	return helper.Account{}, false, err
}
