package main

import (
	"slices"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/refresh"
)

// leftOut returns why a script does not run on Windows. .ci/wine.d/scripts lists exactly the
// scripts that do.
func leftOut(script, profile, store string) string {
	if (profile == refresh.ProfileOpenAI) != (store == home.StoreKeychain) {
		return "each profile runs with one of the stores: " + long
	}
	if store == home.StoreFile && !slices.Contains([]string{"main", "herd", "inflight", "background"}, script) {
		return "it runs with the keychain: " + long
	}
	return reasons()[script]
}

// reasons returns why scripts are left out, by name.
func reasons() map[string]string {
	const (
		programs = "it runs programs of Unix"
		files    = "it is about modes, owners or links"
		linux    = "it is about daemons, locks, terminals or system calls of Linux"
		console  = "it needs a console"
		clients  = "it is about configs of other programs, with paths of Unix"
		keychain = "the keychain is always there, and open"
	)
	return map[string]string{
		"away": files, "busystore": files, "damaged": files, "doctorabove": files, "doctorclients": files, "doctorfiles": files, "doctorkeychain": keychain, "doctorothers": clients,
		"doctorrefresh": linux, "exec": programs, "export": files, "fallback": keychain, "formats": programs,
		"hardening": programs, "headless": keychain, "holders": linux, "hostile": files, "hostrows": files, "hosts": clients,
		"import": files, "importhostile": files, "importkeep": files, "importpool": files, "interrupt": console,
		"killed": files, "late": console, "legacy": programs, "locked": keychain, "oddhomes": files, "otherbus": linux, "paste": linux, "persons": linux, "pipes": files,
		"precious": programs, "prompts": linux, "readonly": linux, "refresh": "it wants refreshes to take less than a second",
		"rejected": long, "requestlog": programs, "restored": programs, "setup": clients, "setupcodex": clients,
		"setupedit": clients, "setuphosts": clients, "setupkubectl": clients, "setuplines": clients, "setupopencode": clients,
		"setuppi": clients, "shim": programs, "slain": linux, "turns": "it is about the keychain of macOS",
		"unfinished": linux, "unread": long, "usage": programs, "waits": linux,
	}
}

const long = "starting programs takes long"
