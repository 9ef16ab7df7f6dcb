package main

import (
	"context"
	"runtime"
	"slices"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
)

// checkOthers reports other programs that have the refresh token of an account,
// or the one that the account began with: when two programs present the same
// token, the issuer revokes the sign-in.
func (d *doctor) checkOthers(ctx context.Context) []finding {
	if len(d.have) == 0 {
		return []finding{skipped("there is no sign-in to compare with theirs")}
	}
	var found []finding
	for _, s := range d.sources(ctx) {
		for _, path := range s.files {
			doc, err := readDocument(ctx, path, s.format)
			if err != nil {
				continue // no refresh token can be read there
			}
			for _, account := range doc.holdersIn(d.have) {
				found = append(found, problem("codex-cred import --from "+string(s.format),
					"%s has its sign-in too, in %s: the second of two programs that refresh it ends it",
					s.format, terminal.Sanitize(path)).of(account))
			}
		}
	}
	return orOK(found, "Codex, OpenCode and oc-codex-multi-auth have none of these sign-ins")
}

// sources returns where other programs keep their sign-ins. A place that is not
// found here, those programs do not find either.
func (d *doctor) sources(ctx context.Context) []source {
	all := []func() (source, error){d.openCodeSource, d.poolSource}
	// On macOS, reading Codex's keychain item prompts the user.
	path, err := d.configPath("CODEX_HOME", ".codex", "auth.json")
	if there, _ := exists(path); err == nil && (there || runtime.GOOS != "darwin") {
		all = append(all, func() (source, error) { return d.codexSource(ctx) })
	}
	var list []source
	for _, one := range all {
		if s, err := one(); err == nil {
			list = append(list, s)
		}
	}
	return list
}

// holdersIn returns the accounts that have a sign-in of the document. It leaves
// out copies, which checkAccounts reports.
func (d document) holdersIn(have []accountState) []string {
	var accounts []string
	for _, o := range have {
		for _, e := range d.entries {
			if o.account.Shared == "" && !e.Refresh.IsZero() && o.holds(e.Refresh) && !slices.Contains(accounts, o.name) {
				accounts = append(accounts, o.name)
			}
		}
	}
	return accounts
}
