package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/config/configfile"
	"github.com/codex-cred/codex-cred/internal/config/jsonedit"
	"github.com/codex-cred/codex-cred/internal/config/tomledit"
	"github.com/codex-cred/codex-cred/internal/disk/setupdir"
)

// checkSetups checks that the programs that were set up still find codex-cred
// and their account.
func (d *doctor) checkSetups(ctx context.Context) []finding {
	var found []finding
	broken := d.eachSetup(func(c client, s *setup) {
		found = append(found, d.setupFindings(ctx, c, s)...)
	})
	return orOK(append(found, broken...), "every program that was set up finds codex-cred and its account")
}

// eachSetup calls look for each setup of the accounts to check. It returns
// findings about the records that cannot be read.
func (d *doctor) eachSetup(look func(c client, s *setup)) []finding {
	names, _, err := d.Setups.List()
	if err != nil {
		return []finding{problemFrom(err)}
	}
	var found []finding
	clients := d.clients()
	for _, name := range names {
		r, err := d.Setups.Load(name)
		i := slices.IndexFunc(clients, func(c client) bool { return c.name == r.Client })
		switch {
		case err != nil:
			found = append(found, problemFrom(fault.WithHint(err, repairByHand)))
		case d.account != "" && r.Account != d.account:
		case i < 0, clients[i].present == nil:
			found = append(found, problem("use the codex-cred that wrote it", "no client %q of a setup is known",
				terminal.Sanitize(r.Client)))
		default:
			look(clients[i], &setup{program: d.program, wiring: d.wiring, Record: r})
		}
	}
	return found
}

func (d *doctor) setupFindings(ctx context.Context, c client, s *setup) []finding {
	again := fmt.Sprintf("codex-cred setup %s %s --write --replace%s", s.Client, s.Account,
		terminal.Sanitize(flagsOf(s.Record)))
	undo := "codex-cred setup " + s.Client + " --undo" + hostFlag(s.Record)
	if _, err := d.Accounts.Load(s.Account); errors.Is(err, helper.ErrNotFound) {
		return []finding{problem(undo, "%s asks for the account %q, which is not there", s.Client, s.Account)}
	}
	if s.Command != "" && !runs(s.Command) {
		return []finding{problem(again, "%s runs %s, which is no program any more", s.Client, terminal.Sanitize(s.Command))}
	}
	if there, err := c.present(ctx, s); err != nil {
		return []finding{problemFrom(err)}
	} else if !there {
		return []finding{warning(again+", or "+undo, "nothing names codex-cred any more in %s, where %s was set up",
			terminal.Sanitize(s.places()), s.Client)}
	}
	return nil
}

func hostFlag(r setupdir.Record) string {
	if r.Host == "" {
		return ""
	}
	return " --host " + terminal.Sanitize(r.Host)
}

// runs reports whether the path leads to a program.
func runs(path string) bool {
	_, err := exec.LookPath(path)
	return err == nil
}

// checkShims checks that the programs of shim add still run.
func (d *doctor) checkShims(context.Context) []finding {
	names, err := d.Shims.Names()
	if err != nil {
		return []finding{problemFrom(err)}
	}
	var found []finding
	for _, name := range names {
		args, err := d.Shims.Args(name)
		switch {
		case err != nil:
			found = append(found, problem("codex-cred shim remove "+name, "%s does not know any more what it runs",
				d.Shims.Path(name)))
		case !runs(d.Shims.Path(name)):
			found = append(found, problem("codex-cred shim add "+name+" -- "+terminal.Sanitize(strings.Join(args, " ")),
				"%s leads to no program", d.Shims.Path(name)))
		}
	}
	return orOK(found, "%s of shim add, all of which run", terminal.Plural(len(names), "program"))
}

// checkHosts reports hosts whose account does not exist.
func (d *doctor) checkHosts(context.Context) []finding {
	rows, err := d.Hosts.Rows()
	if err != nil {
		return []finding{problemFrom(err)}
	}
	var found []finding
	for _, r := range rows {
		if _, err := d.Accounts.Load(r.Account); errors.Is(err, helper.ErrNotFound) {
			found = append(found, problem("codex-cred host remove "+r.Host.String(),
				"%s is for the account %q, which is not there", r.Host, terminal.Sanitize(r.Account)))
		}
	}
	return orOK(found, "%s, each of an account", terminal.Plural(len(rows), "host"))
}

// checkLife reports programs that may keep a token for longer than it is valid.
func (d *doctor) checkLife(context.Context) []finding {
	var found []finding
	_ = d.eachSetup(func(c client, s *setup) {
		i := slices.IndexFunc(d.have, func(o accountState) bool { return o.name == s.Account && o.err == nil })
		if c.keeps == nil || i < 0 {
			return
		}
		lasts := lastsAtLeast(d.have[i].rec.Credential)
		if keeps := c.keeps(s); keeps > lasts {
			found = append(found, problem(c.keepsLess, "%s keeps a token for %s, and may be given one that ends in %s", c.name,
				terminal.Span(keeps), terminal.Span(lasts)).of(s.Account))
		}
	})
	return orOK(found, "no program keeps a token for longer than it lasts")
}

// lastsAtLeast returns how long a token is valid at least when a client asks
// for one with askedTTL. A token in the first tenth of its life is not
// refreshed, even if it expires sooner than that.
func lastsAtLeast(c helper.Credential) time.Duration {
	asked, err := time.ParseDuration(askedTTL)
	if err != nil {
		return 0 // a test checks that it parses
	}
	return min(asked, c.Expiry.Sub(c.ObtainedAt)*9/10)
}

// codexKeeps returns how long Codex keeps a token, from its config or by
// default.
func codexKeeps(s *setup) time.Duration {
	kept := 5 * time.Minute
	raw, ok, err := tomledit.Get(s.firstFile(), codexPath("auth", "refresh_interval_ms")...)
	if ms := int64(0); ok && err == nil && json.Unmarshal(raw, &ms) == nil {
		kept = time.Duration(ms) * time.Millisecond
	}
	return kept
}

// claudeKeeps returns how long Claude Code keeps a token, from its settings,
// from the environment or by default.
func claudeKeeps(s *setup) time.Duration {
	const variable = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS"
	text := s.Getenv(variable)
	if raw, ok, err := jsonedit.Get(s.firstFile(), "env", variable); ok && err == nil {
		_ = json.Unmarshal(raw, &text) // a value that is not a string does not count
	}
	if d, err := time.ParseDuration(text + "ms"); err == nil {
		return d
	}
	return 5 * time.Minute
}

// firstFile returns the content of the client's config, or nil if it cannot be
// read.
func (s *setup) firstFile() []byte {
	if len(s.Files) == 0 {
		return nil
	}
	f, err := configfile.Read(s.Files[0].Path)
	if err != nil {
		return nil
	}
	return f.Content
}
