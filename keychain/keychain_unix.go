//go:build !darwin && !windows

package keychain

import (
	"cmp"
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
	return onSecretService(find.address, goKeyring{border: writeError})
}

func onSecretService(address func() string, keyring platform) *Store {
	s := &Store{place: "Secret Service"}
	s.platform = secretService{
		address: address,
		silence: func() silence { return silence(cmp.Or(s.Silence, usualSilence)) },
		keyring: keyring,
	}
	return s
}
