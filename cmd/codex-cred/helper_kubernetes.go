package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/kubernetes"
	"github.com/codex-cred/codex-cred/internal/disk/hosttable"
)

// helperKubernetes answers for the account on its command line. A cluster that
// the request names must be a host of that account. If the request names none,
// the destination of the token is unknown: helperKubernetes then trusts the
// configuration of kubectl, but refuses a ChatGPT token.
func (p *program) helperKubernetes(ctx context.Context, line tokenLine) error {
	info := p.Getenv(kubernetes.InfoVariable)
	asked, err := kubernetes.Version(info)
	if err != nil {
		return err
	}
	w, err := p.wire() //nolint:contextcheck // the log is written even if the request is canceled
	if err != nil {
		return err
	}
	account, err := p.account(line.arguments, w)
	if err != nil {
		return err
	}
	cluster, err := w.clusterOf(info, account)
	if err != nil {
		return helper.ForAccount(account, err)
	}
	answer, err := p.ask(ctx, line, helper.Request{})
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	if err := cluster.check(answer.Credential); err != nil {
		return helper.ForAccount(account, err)
	}
	return errors.Join(kubernetes.Encode(p.Out, asked, tokenOf(answer)), err)
}

// A cluster is where kubectl will send the token.
type cluster struct {
	account string
	named   bool // kubectl names the host
	row     hosttable.Row
}

// clusterOf returns the cluster that the request names. It returns an error if
// the account does not answer that host.
func (w *wiring) clusterOf(info, account string) (cluster, error) {
	host, named, err := kubernetes.Server(info)
	if err != nil || !named {
		return cluster{account: account}, err
	}
	row, err := w.Hosts.Find(host)
	if errors.Is(err, helper.ErrNotFound) || err == nil && row.Account != account {
		err = fault.WithHint(fmt.Errorf("give a token for the cluster %s: %w", host, wire.ErrUnconfigured),
			fmt.Sprintf("if it is meant: codex-cred host add %s %s", host, account))
	}
	return cluster{account, true, row}, err
}

func (c cluster) check(credential helper.Credential) error {
	switch {
	case c.named:
		return checkForeign(c.row, credential)
	case wire.ChatGPT(credential):
		return fault.WithHint(
			fmt.Errorf("a ChatGPT token is not for a cluster that kubectl does not name: %w", fault.ErrForeign),
			"let kubectl name it with provideClusterInfo, as this does: codex-cred setup kubectl "+
				c.account+" --write --replace --allow-foreign-host")
	}
	return nil
}
