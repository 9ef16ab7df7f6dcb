//go:build !darwin && !windows

package keychain

import (
	"cmp"
	"fmt"
	"os"
)

// newStore finds the bus itself, because godbus starts daemons if there is none.
func newStore(service string) *Store {
	find := busFinder{
		variable: func() string {
			return os.Getenv(busVariable) //nolint:forbidigo // every program of the session finds the bus here
		},
		runtimeDir: fmt.Sprintf("/run/user/%d", os.Getuid()),
	}
	return onSecretService(service, find.address)
}

func onSecretService(service string, address func() string) *Store {
	s := &Store{service: service, place: "Secret Service"}
	s.platform = secretService{
		service:     service,
		address:     address,
		idleTimeout: func() idleTimeout { return idleTimeout(cmp.Or(s.IdleTimeout, defaultIdleTimeout)) },
	}
	return s
}
