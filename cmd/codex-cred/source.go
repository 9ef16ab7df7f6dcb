package main

import (
	"context"
	"errors"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
)

// A hostSource returns the tokens that the host table assigns to hosts.
type hostSource struct {
	program *program
	wiring  *wiring
	request helper.Request // what the caller requires of a token
}

var _ wire.Source = hostSource{}

// Token implements [wire.Source].
func (s hostSource) Token(ctx context.Context, host wire.Host) (wire.Token, error) {
	row, err := s.row(host)
	if err != nil {
		return wire.Token{}, err
	}
	req := s.request
	req.Account = row.Account
	answer, err := s.program.helper(s.wiring).Get(ctx, req)
	if errors.Is(err, helper.ErrNotStored) {
		s.program.Report(err) // the token is good, but the next refresh will fail
		err = nil
	}
	if err == nil {
		err = helper.ForAccount(row.Account, checkForeign(row, answer.Credential))
	}
	if err != nil {
		return wire.Token{}, err
	}
	s.program.warnOf(row.Account, answer)
	return wire.BareToken(answer.Credential), nil
}

// Rejected implements [wire.Source].
func (s hostSource) Rejected(ctx context.Context, host wire.Host, token helper.Secret) error {
	row, err := s.row(host)
	if err != nil {
		return err
	}
	return s.program.helper(s.wiring).Rejected(ctx, helper.Request{Account: row.Account, Rejected: token.Digest()})
}

// Hosts implements [wire.Source].
func (s hostSource) Hosts(context.Context) ([]wire.Host, error) {
	rows, err := s.wiring.Hosts.Rows()
	hosts := make([]wire.Host, 0, len(rows))
	for _, r := range rows {
		hosts = append(hosts, r.Host)
	}
	return hosts, err
}

func (s hostSource) row(host wire.Host) (hosttable.Row, error) {
	row, err := s.wiring.Hosts.Find(host)
	if errors.Is(err, helper.ErrNotFound) {
		err = wire.ErrUnconfigured
	}
	return row, err
}
