package keychain

func newStore() *Store {
	return &Store{
		platform: retrying{platform: goKeyring{border: macError}, tries: 4, wait: jitter},
		limit:    macLimit,
		place:    "Keychain",
	}
}
