package keychain

func newStore() *Store {
	return &Store{
		platform: goKeyring{border: windowsError},
		limit:    windowsLimit,
		place:    "Credential Manager",
	}
}
