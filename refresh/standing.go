package refresh

import (
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// errMissing: an account file, or its directory, is absent, and nothing proves that
// a person wanted that. It comes with ErrTemporary.
var errMissing = errors.New("the account's file is missing, though no erase removed it; put the data directory back")

func missingError() error { return fmt.Errorf("%w: %w", errMissing, helper.ErrTemporary) }

// checkSignIn returns nil if the account has the sign-in, and errMoved if there is
// proof that a person ended that: an account file that says that it is being
// erased, or the account's own file with another sign-in, while no file names
// this one. Every other error is no proof: a file that is absent may be on a disk
// that comes back.
func (r *Rotation) checkSignIn(a helper.Account) error {
	found, ok, err := r.findAccount(a)
	switch {
	case ok && found.Erasing:
		return errMoved
	case ok && found.Name == a.Name:
		return nil
	case ok:
		return fmt.Errorf("the account is called %q now: %w", found.Name, helper.ErrTemporary)
	case err != nil && !errors.Is(err, helper.ErrNotFound):
		return err
	case err != nil:
		return missingError()
	}
	// A sign-in that was moved to another store still has the grant.
	if now, err := r.Records.Accounts.Load(a.Name); err == nil && now.ID != "" && (now.Began == "" || now.Began != a.Began) {
		return errMoved
	}
	return missingError()
}

// findAccount returns the account whose file names the sign-in, under whatever name: a
// person may have renamed it while nobody had the lock. Neither found nor an error
// means that every account file was read and none names it.
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
