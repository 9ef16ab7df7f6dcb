package main

import (
	"slices"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
)

// A kind is one kind of artefact on the page of privacy: what it holds, and for
// how long. Every kind that an artefact has must be in kinds; a test checks
// that.
type kind struct {
	Name string `json:"kind"`
	// Keeps says what is stored, and where.
	Keeps string `json:"keeps"`
	// Until says for how long.
	Until string `json:"until"`
}

// Names of codex-cred's directories on the page, which is the same on every
// computer.
const (
	dataName  = "DATA"
	stateName = "STATE"
)

// places explains the names of the directories.
func places() string {
	return dataName + " is codex-cred in the system's data directory, " +
		stateName + " is codex-cred in its state directory; with CODEX_CRED_HOME both are that. " +
		"Other users can read none of it."
}

const untilErased = "until erase of the account"

// kinds returns the kinds in the order of the page: secrets first.
func kinds() []kind {
	return slices.Concat(secretKinds(), accountKinds(), otherKinds())
}

func secretKinds() []kind {
	return []kind{
		{
			"credential",
			"the tokens, when they expire, who signed in (subject, e-mail, account id, user id, plan) and the issuer with its endpoints. " +
				"One item of the keychain (service codex-cred, named by a random id), or, where there is no keychain or you chose so, a file in DATA/credentials",
			"until erase of the account; a refresh replaces it",
		},
		{
			"journal", "how far a refresh came and, encrypted (AES-256-GCM), its answer until the store has it. " +
				"A file in DATA/journal, and one more for an answer that could not be read",
			"while a refresh is under way, or until the next get if it was cut short; an answer that could not be read, until a refresh succeeds",
		},
		{
			"key of the journal", "the key that the journal is encrypted with. Beside the credential, in the same store",
			untilErased,
		},
	}
}

func accountKinds() []kind {
	return []kind{
		{
			"account file",
			"the account's name, which you chose, the random id and the store of its credential, the number and times of its refreshes, the SHA-256 of the refresh token it began with; with files as the store " +
				"also a keyed hash of this computer's id, which reveals nothing. No token, no e-mail. A file in DATA/accounts",
			untilErased,
		},
		{
			"choice of the default account", "its name, if you chose one. A file in DATA/accounts",
			"until erase of that account",
		},
		{
			"host", "a host that gets the tokens of an account, if you added any. A row of DATA/hosts/hosts.json",
			"until host remove, or erase of the account",
		},
		{"table of hosts", "the rows for accounts that are gone. The same file", "until erase --all"},
		{
			"program of shim add",
			"a link to codex-cred and the arguments that it runs with, if you added any. Files in DATA/shims",
			"until shim remove, or erase --all",
		},
		{
			"setup of a program", "keys in the config files of other programs that name codex-cred, the account or a marker in place of tokens, if you ran setup --write",
			"until setup --undo, or erase of the account",
		},
		{
			"record of a setup", "which files of other programs those are. A file in DATA/setup",
			"until setup --undo, or erase of the account",
		},
	}
}

func otherKinds() []kind {
	return []kind{
		{
			"folder for a run of a program",
			"what another program writes while setup --verify runs it: no token of ours. In DATA/runs",
			"until that run is over, or until erase --all",
		},
		{
			"request log",
			"of each request the time, command, account, host, path, status and duration, if you set " +
				home.LogVariable + "=1, and with " + home.BodiesVariable + "=1 as well " +
				"the bodies with every secret replaced. Files in STATE/logs, at most four of 1 MiB",
			"until it is full three times over, or until erase of any account",
		},
		{
			"lock", "nothing: an empty file that orders who writes. In DATA/locks, and in the other directories",
			"until erase of the account, or erase --all",
		},
		{
			"stray file",
			"what a process that was killed left in a directory of ours, or what belonged to an account whose file is lost",
			"until erase --all",
		},
		{"directory", "the directories that all of this lies in, open to you alone", "until erase of the last account"},
	}
}
