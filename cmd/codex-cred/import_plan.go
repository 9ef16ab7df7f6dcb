package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/moving"
	"github.com/codex-cred/codex-cred/refresh"
)

// A move is what the import does with one sign-in of a source.
type move struct {
	entry      moving.Entry
	credential helper.Credential
	in         []string // paths of the documents that hold its refresh token
	account    string
	store      string // where the tokens will be, or are
	does       string
	reason     error // why nothing is done, or nil
}

// Values of move.does.
const (
	doesStore   = "store"
	doesReplace = "replace" // replaces the account's sign-in
	doesFinish  = "finish"  // the account has it already
	doesNothing = "nothing"
)

// An importPlan is what an import will do.
type importPlan struct {
	source source
	moves  []move
	// gone are the accounts that were shared with the source, and whose refresh
	// tokens it no longer has.
	gone []helper.Account
}

// importOptions are the options on the command line.
type importOptions struct {
	as                 string
	replace, keepThere bool
	store              string
}

// An accountState is an account and its credential, as they were read.
type accountState struct {
	name    string
	account helper.Account // no ID if it cannot be read
	rec     helper.Record
	err     error // from reading account or rec
}

// owned reads every account and its credential.
func (w *wiring) owned(ctx context.Context) ([]accountState, error) {
	names, err := w.Accounts.List()
	if err != nil {
		return nil, err
	}
	list := make([]accountState, 0, len(names))
	for _, name := range names {
		o := accountState{name: name}
		if o.account, o.err = w.Accounts.Load(name); o.err == nil {
			o.rec, o.err = w.Records.Read(ctx, name)
		}
		list = append(list, o)
	}
	return list, nil
}

// planImport decides what to do with each sign-in. It changes nothing.
func (p *program) planImport(
	ctx context.Context, w *wiring, s source, found []document, want importOptions,
) (importPlan, error) {
	have, err := w.owned(ctx)
	if err != nil {
		return importPlan{}, err
	}
	pl := importPlan{source: s, moves: gather(found)}
	if want.as != "" && len(pl.moves) != 1 {
		return importPlan{}, fault.Usage("--as names one account, and there are %d sign-ins in %s", len(pl.moves), s.from)
	}
	for i := range pl.moves {
		m := &pl.moves[i]
		if m.entry.Problem != "" {
			m.reason = fmt.Errorf("%s: %w", m.entry.Problem, helper.ErrInvalid)
		} else if m.credential, m.reason = w.RefreshClient.FromTokens(ctx, tokensOf(m.entry)); m.reason != nil &&
			errors.Is(ctx.Err(), context.Canceled) {
			return importPlan{}, ctx.Err()
		}
	}
	pl.dropOlder()
	for i := range pl.moves {
		pl.decide(i, w, have, want)
	}
	pl.findGone(have)
	return pl, nil
}

func tokensOf(e moving.Entry) refresh.Tokens {
	return refresh.Tokens{
		Access: e.Access, Refresh: e.Refresh, ID: e.ID, Expiry: e.Expiry, Identity: e.Identity,
		Settings: refresh.Settings{Issuer: e.Issuer, ClientID: e.ClientID},
	}
}

// gather returns each sign-in once. If several documents hold it, the entry
// that was renewed last counts, but never one with a problem if another has
// none.
func gather(found []document) []move {
	var moves []move
	for _, d := range found {
		for _, e := range d.entries {
			i := slices.IndexFunc(moves, func(m move) bool { return !e.Refresh.IsZero() && m.entry.Refresh.Equal(e.Refresh) })
			if i < 0 {
				moves = append(moves, move{entry: e, in: []string{d.path}})
				continue
			}
			m := &moves[i]
			if m.entry.Problem != "" || e.Problem == "" && e.Renewed.After(m.entry.Renewed) {
				m.entry = e
			}
			if !slices.Contains(m.in, d.path) {
				m.in = append(m.in, d.path)
			}
		}
	}
	return moves
}

// dropOlder keeps only the latest of several sign-ins of one seat.
func (pl *importPlan) dropOlder() {
	for i := range pl.moves {
		for j := range pl.moves {
			a, b := &pl.moves[i], &pl.moves[j]
			if i == j || a.reason != nil || b.reason != nil || !sameSeat(a.credential, b.credential) {
				continue
			}
			if a.age().Before(b.age()) || a.age().Equal(b.age()) && i > j {
				a.reason = fmt.Errorf("it is an older sign-in of the same seat as %s: %w", b.where(), helper.ErrInvalid)
			}
		}
	}
}

// age returns when the sign-in was renewed. If that is not known, it returns
// when the access token expires.
func (m move) age() time.Time {
	if m.entry.Renewed.IsZero() {
		return m.credential.Expiry
	}
	return m.entry.Renewed
}

func (m move) where() string { return m.entry.Place + " of " + strings.Join(m.in, " and ") }

// sameSeat reports whether both credentials are of one user in one account
// (workspace). Two seats with the same e-mail address differ in the user or the
// account.
func sameSeat(a, b helper.Credential) bool {
	x, y := a.Identity, b.Identity
	switch {
	case a.Issuer.URL != b.Issuer.URL || x.AccountID != y.AccountID:
		return false
	case x.UserID != "" && y.UserID != "":
		return x.UserID == y.UserID
	case x.AccountID == "":
		return x.Subject != "" && x.Subject == y.Subject
	}
	return x.Subject == "" || y.Subject == "" || x.Subject == y.Subject
}

// decide sets what to do with move i, given the moves before it.
func (pl *importPlan) decide(i int, w *wiring, have []accountState, want importOptions) {
	m := &pl.moves[i]
	m.does = doesNothing
	if m.reason != nil {
		return
	}
	for _, o := range have {
		if o.holds(m.credential.RefreshToken) {
			m.does, m.account, m.store = doesFinish, o.name, o.account.Store
			return
		}
	}
	for _, o := range have {
		if o.err == nil && sameSeat(o.rec.Credential, m.credential) {
			m.does, m.account, m.store = doesReplace, o.name, w.keeping(o.name, want.store)
			m.reason = o.keeps(want)
		}
	}
	if m.account == "" {
		m.does, m.store = doesStore, want.store
		m.account, m.reason = pl.freeName(i, have, want.as)
	}
	if m.reason != nil {
		m.does = doesNothing
	}
}

// holds reports whether the account has the refresh token, or began with it.
func (o accountState) holds(token helper.Secret) bool {
	return o.account.Began == token.Digest() || o.err == nil && o.rec.Credential.RefreshToken.Equal(token)
}

// keeps returns why the account keeps its sign-in although the source has one
// of the same seat, or nil if it may be replaced. Without --replace the account
// keeps a sign-in that may still work, but not a copy.
func (o accountState) keeps(want importOptions) error {
	switch {
	case want.as != "" && want.as != o.name:
		return fault.WithHint(fault.Usage("the account %q has this seat", o.name),
			"leave out --as, or rename it: codex-cred rename "+o.name+" "+want.as)
	case want.replace || !mayStillWork(o.rec, o.err):
		return nil
	}
	return fault.WithHint(fault.Usage("the account %q has this seat already, with another refresh token", o.name),
		"to replace that one, add --replace")
}

// freeName returns the name that the user chose, or one that is not in use.
func (pl *importPlan) freeName(i int, have []accountState, chosen string) (string, error) {
	taken := func(name string) bool {
		return slices.ContainsFunc(have, func(o accountState) bool { return o.name == name }) ||
			slices.ContainsFunc(pl.moves[:i], func(m move) bool { return m.account == name })
	}
	if chosen != "" {
		if taken(chosen) {
			return "", fault.UsageHint(fmt.Sprintf("the account %q is another sign-in", chosen), "choose another name with --as")
		}
		return chosen, nil
	}
	base := pl.moves[i].entry.Name
	name := base
	for n := 2; taken(name); n++ {
		name = base + "-" + strconv.Itoa(n)
	}
	return name, nil
}

// findGone finds the accounts that were shared with the source and are no
// longer in it. If any sign-in of the source does not name its seat, it may be
// a renewed one of theirs, so findGone finds none.
func (pl *importPlan) findGone(have []accountState) {
	for _, m := range pl.moves {
		if m.reason != nil || m.credential.Identity.AccountID == "" && m.credential.Identity.Subject == "" {
			return
		}
	}
	for _, o := range have {
		planned := slices.ContainsFunc(pl.moves, func(m move) bool { return m.account == o.name })
		of := o.account.Shared == pl.source.from || slices.Contains(pl.source.files, o.account.Shared)
		if o.account.Shared != "" && of && !planned && pl.source.from != stdinSource {
			pl.gone = append(pl.gone, o.account)
		}
	}
}
