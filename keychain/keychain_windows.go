package keychain

func newStore(service string) *Store {
	return &Store{
		service:  service,
		platform: goKeyring{service: service, border: windowsError},
		limit:    windowsLimit,
		place:    "Credential Manager",
	}
}
