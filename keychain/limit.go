package keychain

import (
	"fmt"

	"github.com/codex-cred/codex-cred/helper"
)

// A limit returns the size in bytes of the largest item under a name. A nil limit does not limit.
type limit func(name string) int

func (l limit) check(name string, size int) error {
	if l == nil || size <= l(name) {
		return nil
	}
	return fmt.Errorf("the item is %w: it has %d bytes, and this keychain takes %d", helper.ErrTooLarge, size, l(name))
}

// windowsLimit is CRED_MAX_CREDENTIAL_BLOB_SIZE of wincred.h, 5 * 512.
func windowsLimit(string) int { return 2560 }

// macLimit follows from the 4,096 bytes of a command line of security(1), in which go-keyring
// writes the item as base64. go-keyring's own words take 54 bytes, and neither the service nor an
// item name needs quotes.
func macLimit(name string) int {
	return (4096 - 54 - len(Service) - len(name)) / 4 * 3
}
