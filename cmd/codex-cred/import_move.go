package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/home"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/internal/moving"
)

// carryOut executes the plan. If it is interrupted, each sign-in still has one
// owner, or its account is a copy that is not refreshed, and the import can be
// run again.
func (p *program) carryOut(ctx context.Context, w *wiring, pl *importPlan, want importOptions) error {
	told := p.Progress("importing sign-ins", len(pl.moves))
	defer told.End()
	for i := range pl.moves {
		m := &pl.moves[i]
		told.Step()
		if m.does != doesStore && m.does != doesReplace {
			continue
		}
		if err := p.chooseFor(ctx, w, pl, i); err != nil {
			return err
		}
		err := w.withLock(ctx, m.account, func() error {
			return p.oneAtATime(ctx, w, "store", func() error { return p.copyIn(ctx, w, pl.source, *m) })
		})
		if err != nil {
			return helper.ForAccount(m.account, err)
		}
	}
	if want.keepThere {
		return p.tellKept(w, pl)
	}
	return p.finish(ctx, w, pl)
}

// chooseFor chooses the store of the move. One trial serves all moves that ask
// for the same store.
func (p *program) chooseFor(ctx context.Context, w *wiring, pl *importPlan, i int) error {
	wish := pl.moves[i].store
	if wish == home.StoreAuto || i == 0 || wish != pl.moves[i-1].store {
		chosen, err := p.chooseStore(ctx, w, wish)
		if err != nil {
			return err
		}
		for j := range pl.moves[i:] {
			if m := &pl.moves[i+j]; m.store == wish && m.does != doesFinish {
				m.store = chosen
			}
		}
	}
	return nil
}

// copyIn stores the sign-in, which the source still has, and reads it back.
func (p *program) copyIn(ctx context.Context, w *wiring, s source, m move) error {
	holder, err := w.holderOf(ctx, m.credential.RefreshToken)
	if err != nil {
		return err
	}
	_, err = w.Accounts.Load(m.account)
	there := !errors.Is(err, helper.ErrNotFound)
	if holder != "" || there != (m.does == doesReplace) {
		return fmt.Errorf("store the sign-in: another codex-cred changed the accounts meanwhile: %w", helper.ErrConflict)
	}
	a, err := w.Keeper.Copy(ctx, m.account, m.store, s.from, m.credential)
	if err != nil {
		return err
	}
	return p.sweep(ctx, w, a)
}

// tellKept prints that the accounts are copies, and what that means.
func (p *program) tellKept(w *wiring, pl *importPlan) error {
	for _, m := range pl.moves {
		a, err := w.Accounts.Load(m.account)
		switch {
		case m.does == doesNothing:
			continue
		case err != nil:
			return helper.ForAccount(m.account, err)
		case a.Shared == "":
			p.Warn("account %q: it has this sign-in already, as its own; what %s holds is spent or soon will be: run: codex-cred import --from %s",
				m.account, m.where(), fault.Quote(pl.source.from))
			continue
		}
		p.Warn("account %q: copied from %s; the tokens are in the %s", m.account, m.where(),
			w.Location(a.Store, string(a.ID)))
		p.Warn("account %q: its refresh token works once and is there too, so it is not refreshed here: the access token ends %s. To move it for good: codex-cred import --from %s",
			m.account, terminal.FromNow(m.credential.Expiry, p.Now()), fault.Quote(pl.source.from))
	}
	return pl.left()
}

// finish removes the stored sign-ins from the source, and lets accounts refresh
// if no other program has their tokens.
func (p *program) finish(ctx context.Context, w *wiring, pl *importPlan) error {
	failed := map[string]error{}
	for _, path := range pl.paths() {
		failed[path] = pl.takeOut(ctx, path)
	}
	kept := false
	for _, m := range pl.moves {
		if m.does == doesNothing {
			continue
		}
		ok, err := p.claim(ctx, w, pl, m, failed)
		if err != nil {
			return helper.ForAccount(m.account, err)
		}
		kept = kept || !ok
	}
	for _, a := range pl.gone {
		if _, err := w.Keeper.Share(a, ""); err != nil {
			return helper.ForAccount(a.Name, err)
		}
		p.Warn("account %q: %s has its refresh token no more; it is refreshed here from now on", a.Name, a.Shared)
	}
	if kept {
		return fault.WithHint(fault.ErrNotMoved,
			"mend what is told above, then run again: codex-cred import --from "+fault.Quote(pl.source.from))
	}
	return pl.left()
}

// claim makes the account the owner of the sign-in, unless another program
// still has it. It prints which one.
func (p *program) claim(
	ctx context.Context, w *wiring, pl *importPlan, m move, failed map[string]error,
) (ok bool, err error) {
	a, err := w.Accounts.Load(m.account)
	if err != nil {
		return false, err
	}
	shared := p.sharer(ctx, pl, a, m, failed)
	// An account that was refreshed here has a newer token.
	ahead := a.Shared == "" && a.Generation > m.credential.Generation
	if a.Shared != shared && !ahead {
		if a, err = w.Keeper.Share(a, shared); err != nil {
			return false, err
		}
	}
	switch {
	case shared != "" && !ahead:
		p.Warn("account %q: until that is mended it is not refreshed here, as two that refresh one sign-in end it", m.account)
		return false, nil
	case shared != "":
		return false, nil
	}
	p.tellMoved(pl, m)
	p.Warn("account %q: the tokens are in the %s; try: codex-cred get %s", m.account, w.Location(a.Store, string(a.ID)),
		m.account)
	return true, ctx.Err()
}

// sharer prints which other program still has the refresh token. It returns the
// program as a value of --from, or an empty string.
func (p *program) sharer(
	ctx context.Context, pl *importPlan, a helper.Account, m move, failed map[string]error,
) string {
	shared := ""
	for _, path := range m.in {
		if failed[path] != nil {
			shared = pl.source.from
			p.Warn("account %q: stored, but not removed from its source: %s", m.account,
				exit.JoinHint(terminal.OneLine(failed[path].Error()), exit.Hint(failed[path])))
		}
	}
	if shared != "" {
		return shared
	}
	other := p.elsewhere(ctx, pl.source, a.Shared, m.credential.RefreshToken)
	if other != "" {
		p.Warn("account %q: stored, but %s has the same refresh token; run: codex-cred import --from %s", m.account, other,
			fault.Quote(other))
	}
	return other
}

func (p *program) tellMoved(pl *importPlan, m move) {
	who := signedInAs(m.credential.Identity)
	if pl.source.from == stdinSource {
		p.Warn("account %q: %s; nothing can be removed where it came from, and nothing else may go on using it: its refresh token works once",
			m.account, who)
		return
	}
	p.Warn("account %q: %s; moved from %s, where it is no more", m.account, who, m.where())
}

// paths returns the files that hold stored sign-ins.
func (pl *importPlan) paths() []string {
	var paths []string
	for _, m := range pl.moves {
		for _, path := range m.in {
			if m.does != doesNothing && pl.source.from != stdinSource && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// takeOut removes the stored sign-ins from the file. It reads the file again,
// because its program may have changed it.
func (pl *importPlan) takeOut(ctx context.Context, path string) error {
	d, err := readDocument(ctx, path, pl.source.format)
	if err != nil {
		return err
	}
	var tokens []helper.Secret
	for _, m := range pl.moves {
		if m.does != doesNothing && slices.Contains(m.in, path) {
			if !d.has(m.credential.RefreshToken) {
				return fault.WithHint(
					fmt.Errorf("%s: its program renewed the sign-in in this moment: %w", path, helper.ErrConflict),
					"end that program, then run it again")
			}
			tokens = append(tokens, m.credential.RefreshToken)
		}
	}
	stored := func(token helper.Secret) bool { return slices.ContainsFunc(tokens, token.Equal) }
	rest, empty, err := moving.Without(d.content, d.format, stored)
	switch {
	case err != nil:
		return fmt.Errorf("change %s: %w", path, err)
	case empty:
		return ofFile(d.remove())
	case slices.ContainsFunc(tokens,
		func(token helper.Secret) bool { return strings.Contains(string(rest), token.Reveal()) }):
		return fmt.Errorf("change %s: it holds the refresh token in a second place, which is not known: %w", path,
			helper.ErrInvalid)
	}
	return ofFile(d.write(rest))
}

// left returns an error if a sign-in stays at the source although the user did
// not ask for that.
func (pl *importPlan) left() error {
	for _, m := range pl.moves {
		if m.does != doesNothing {
			continue
		}
		if len(pl.moves) == 1 {
			return fmt.Errorf("%s: %w", m.where(), m.reason)
		}
		return fault.WithHint(fault.ErrNotMoved,
			"what stays where it is, and why: codex-cred import --dry-run --from "+fault.Quote(pl.source.from))
	}
	return nil
}
