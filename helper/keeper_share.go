package helper

import (
	"context"
	"fmt"
)

// Copy is SignIn for a credential that another program has too, at the source. From
// the first moment on the account is [Account.Shared], so that nothing refreshes
// it, whatever ends the process.
func (k Keeper) Copy(ctx context.Context, account, store, source string, c Credential) (Account, error) {
	return k.signIn(ctx, account, store, source, c)
}

// Share notes where the refresh token of the account is too. With nothing it is
// the account's alone, which refreshes from then on. ErrConflict: the account has
// another sign-in by now.
func (k Keeper) Share(a Account, source string) (Account, error) {
	return k.Records.Accounts.Update(a.Name, func(found *Account) error {
		if found.ID != a.ID || found.Erasing {
			return fmt.Errorf("the account was erased or signed in again meanwhile: %w", ErrConflict)
		}
		found.Shared = source
		return nil
	})
}
