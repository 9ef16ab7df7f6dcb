package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
)

const forceName = "force"

// forceFlag returns --force, for the commands that refresh on demand.
func forceFlag(condition string) *cli.BoolFlag {
	return boolFlag(forceName, condition+"refresh though the last one got no answer, which may end the sign-in")
}

// agree asks the user whether to present the refresh token again, though it may
// be spent. unanswered is the error of the last refresh, and answer has the
// stored token if that is valid. Without a terminal, agree returns an error
// that says how long the stored token is valid, and which command presents the
// refresh token all the same.
func (p *program) agree(ctx context.Context, answer helper.Answer, unanswered error, forced string) error {
	account := fault.AccountOf(unanswered)
	hint := "to present it again all the same: " + forced
	if answer.Credential.Valid(p.Now()) {
		hint = fmt.Sprintf("codex-cred get%s prints a token that is valid until %s; %s",
			fault.AsArgument(account), answer.Credential.Expiry.UTC().Format("2006-01-02 15:04 MST"), hint)
	}
	if !terminal.IsTerminal(p.In) || !terminal.IsTerminal(p.Err) || p.Unattended() != "" {
		return fault.WithHint(fmt.Errorf("%w; to present it again %w", unanswered, fault.ErrNeedsPerson), hint)
	}
	p.Warn("%s", terminal.OneLine(unanswered.Error()))
	_, _ = io.WriteString(p.Err, "Presenting it again may end the sign-in. Present it? Type yes: ")
	said, err := p.line(ctx)
	if err != nil {
		return err
	}
	if said != "yes" {
		return helper.ForAccount(account, fault.WithHint(errors.New("nothing was sent"), hint))
	}
	return nil
}
