//go:build !darwin && !windows

package keychain

import (
	"fmt"
	"os"
)

// newStore has a guard before go-keyring, which would wait for ever where
// nobody answers, prompt, and start daemons where there is no bus.
func newStore() *Store {
	find := busFinder{
		variable: func() string {
			return os.Getenv(busVariable) //nolint:forbidigo // the library below reads it, and must find the same bus
		},
		runtimeDir: fmt.Sprintf("/run/user/%d", os.Getuid()),
	}
	return &Store{
		platform: secretService{address: find.address, keyring: goKeyring{border: writeError}},
		place:    "Secret Service",
	}
}
