package keychain

func newStore(service string) *Store {
	return &Store{
		service:  service,
		platform: goKeyring{service: service, mapError: windowsError},
		limit:    windowsLimit,
		place:    "Credential Manager",
	}
}
