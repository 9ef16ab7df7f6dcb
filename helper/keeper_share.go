package helper

import (
	"context"
	"fmt"
)

// Copy is SignIn for a credential that another program, the source, has too. The account is [Account.Shared] from the
// start, so that nothing refreshes it even if the process is killed.
func (k Keeper) Copy(ctx context.Context, account, store, source string, c Credential) (Account, error) {
	return k.signIn(ctx, account, store, source, c)
}

// Share records which program has the account's refresh token too. An empty source means that only the account has it,
// and refreshes it from then on. ErrConflict means that the account has another sign-in.
func (k Keeper) Share(a Account, source string) (Account, error) {
	return k.Records.Accounts.Update(a.Name, func(found *Account) error {
		if found.ID != a.ID || found.Erasing {
			return fmt.Errorf("the account was erased or signed in again meanwhile: %w", ErrConflict)
		}
		found.Shared = source
		return nil
	})
}
