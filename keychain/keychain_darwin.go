package keychain

func newStore(service string) *Store {
	return &Store{
		service:  service,
		platform: retrying{platform: goKeyring{service: service, border: macError}, tries: 4, wait: jitter},
		limit:    macLimit,
		place:    "Keychain",
	}
}
