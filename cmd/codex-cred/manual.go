package main

import (
	"strconv"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
)

// The help, the man page and the README list the same exit statuses and variables; tests compare
// them with the tables below. Text between backquotes is typed literally.

// An exitStatus is an exit code that scripts depend on, and its descriptions.
type exitStatus struct {
	code  int
	brief string // short form, for the help of every command
	means string
}

func exitStatuses() []exitStatus {
	return []exitStatus{
		{exit.OK, "ok", "ok"},
		{exit.Other, "other", "other: stored data is corrupt or too large, an answer was rejected, or something unforeseen"},
		{exit.Usage, "usage", "the command line is wrong"},
		{exit.NotFound, "not signed in", "no such account, or not signed in"},
		{
			exit.SignIn,
			"sign-in required",
			"sign in again: the issuer refused for good, the stored tokens are older than ones that were used (a restored backup), or the files are another computer's",
		},
		{
			exit.Temporary,
			"temporary",
			"temporary: network, issuer, a keychain that did not answer in time, or a rejected token that is too young to be refreshed",
		},
		{exit.Store, "store locked, unavailable or full", "the store is locked, unavailable, unsafe or full"},
		{
			exit.Busy,
			"busy",
			"another codex-cred holds the lock too long, or the refresh takes longer than `--timeout`; it goes on, and the next `get` has what it brings",
		},
		{exit.Person, "needs a person", "needs a person: there is no terminal, or no browser"},
		{
			exit.Findings,
			"problems, or not all removed",
			"`erase` or `import` could not remove everything (run it again), or `erase` not revoke (it says what to do), or `doctor` found problems",
		},
		{exit.Interrupted, "interrupted", "interrupted"},
	}
}

// briefly returns the short form of every exit status, separated by commas.
func briefly(list []exitStatus) []string {
	items := make([]string, len(list))
	for i, s := range list {
		items[i] = strconv.Itoa(s.code) + " " + s.brief
		if i < len(list)-1 {
			items[i] += ","
		}
	}
	return items
}

// A variable is an environment variable, or several with the same description.
type variable struct {
	names string
	means string
}

func variables() []variable {
	return []variable{
		{"`CODEX_CRED_ACCOUNT`", "the account when none is given; else the one of `use`, else `default`"},
		{"`CODEX_CRED_STORE`", "`auto`, `keychain` or `file`, for `login`, `store` and `import`"},
		{"`CODEX_CRED_HOME`", "one directory for all our files, instead of `codex-cred` in the system's data directory"},
		{"`CODEX_CRED_MIN_TTL`, `CODEX_CRED_TIMEOUT`", "as the flags of `get`, wherever a command has them"},
		{
			"`CODEX_CRED_LOG=1`",
			"write a line of JSON for each request of ours, without bodies, to `logs` in the state directory",
		},
		{
			"`CODEX_CRED_LOG_BODIES=1`",
			"with the former: the bodies too, with every secret replaced by its kind and about its length",
		},
		{"`CODEX_CRED_NO_INPUT`, `CI`", "nobody is there: open no browser and ask nothing, exit 8 instead"},
		{"`BROWSER`, `NO_COLOR`, `HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`", "as everywhere"},
	}
}
