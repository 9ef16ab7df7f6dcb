package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/exit"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

// States of an artefact after an erase.
const (
	stateRemoved = "removed"
	stateAbsent  = "absent"
	stateFailed  = "failed"
	stateKept    = "kept"
	statePresent = "present" // in a dry run
)

// A line of a receipt is one artefact and its state.
type line struct {
	Kind   string `json:"kind"`
	Where  string `json:"where"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// A receipt records what an erase did. It is about an account, about what the title names, or about
// the root if both are empty.
type receipt struct {
	Account     string       `json:"account,omitempty"`
	Title       string       `json:"title,omitempty"`
	Revocations []revocation `json:"revocations,omitempty"`
	Artefacts   []line       `json:"artefacts"`
}

// A revocation is the issuer's answer to a request to revoke a token.
type revocation struct {
	Token    string `json:"token,omitempty"` // kind of the token
	Endpoint string `json:"endpoint,omitempty"`
	Revoked  bool   `json:"revoked"`
	Reason   string `json:"reason,omitempty"`
}

// clean reports whether the erase left nothing behind.
func (r *receipt) clean() bool {
	return !slices.ContainsFunc(r.Artefacts, func(l line) bool {
		return l.State == stateFailed || l.State == stateKept
	})
}

// revoked reports whether every revocation succeeded.
func (r *receipt) revoked() bool {
	return !slices.ContainsFunc(r.Revocations, func(v revocation) bool { return !v.Revoked })
}

// remove removes the artefact, verifies that it no longer exists, and records and returns its
// state.
func (r *receipt) remove(ctx context.Context, a artefact) string {
	l := line{Kind: a.kind, Where: a.where, State: stateRemoved}
	err := a.remove(ctx)
	switch {
	case errors.Is(err, helper.ErrNotFound):
		l.State = stateAbsent
	case err != nil:
		l.State, l.Reason = stateFailed, exit.Line(err)
	default:
		if still, err := a.present(ctx); err != nil || still {
			l.State, l.Reason = stateFailed, "it is still there after it was deleted"
		}
	}
	r.Artefacts = append(r.Artefacts, l)
	return l.State
}

func (r *receipt) keep(a artefact, why string) {
	r.Artefacts = append(r.Artefacts, line{Kind: a.kind, Where: a.where, State: stateKept, Reason: why})
}

// look records the state of the artefact in a dry run.
func (r *receipt) look(ctx context.Context, a artefact) {
	l := line{Kind: a.kind, Where: a.where, State: stateAbsent}
	switch present, err := a.present(ctx); {
	case err != nil:
		l.State, l.Reason = stateFailed, exit.Line(err)
	case present:
		l.State = statePresent
	}
	r.Artefacts = append(r.Artefacts, l)
}

// text returns the receipt as text.
func (r *receipt) text() string {
	var b strings.Builder
	if len(r.Artefacts) == 0 && len(r.Revocations) == 0 {
		return ""
	}
	if r.Account != "" {
		fmt.Fprintf(&b, "account %q\n", r.Account)
	} else {
		fmt.Fprintf(&b, "%s\n", cmp.Or(r.Title, "the rest"))
	}
	for _, v := range r.Revocations {
		if v.Revoked {
			fmt.Fprintf(&b, "  revoked  %s, at %s\n", v.Token, v.Endpoint)
		} else {
			fmt.Fprintf(&b, "  NOT revoked  %s: %s\n", cmp.Or(v.Token, "tokens"), v.Reason)
		}
	}
	for _, l := range r.Artefacts {
		fmt.Fprintf(&b, "  %-8s %s: %s", l.State, l.Kind, terminal.Sanitize(l.Where))
		if l.Reason != "" {
			fmt.Fprintf(&b, ": %s", l.Reason)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func (r *receipt) lookAll(ctx context.Context, list []artefact) {
	for _, a := range list {
		r.look(ctx, a)
	}
}

func (r *receipt) failed() bool {
	for _, l := range r.Artefacts {
		if l.State == stateFailed {
			return true
		}
	}
	return false
}
