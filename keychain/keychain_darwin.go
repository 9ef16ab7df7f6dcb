package keychain

// program is security(1), through which go-keyring uses the keychain.
const program = "/usr/bin/security"

func newStore(service string) *Store {
	s := &Store{service: service, limit: macLimit, place: "Keychain"}
	s.platform = macKeychain{
		goKeyring: goKeyring{service: service, mapError: macError},
		program:   program,
		retry:     retry{tries: 4, wait: jitter},
		serialize: func() SerializeFunc { return s.Serialize },
	}
	return s
}
