package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/helper"
)

func (p *program) getCommand() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print a fresh access token",
		UsageText: "codex-cred get [ACCOUNT] [flags]",
		Description: `TOKEN=$(codex-cred get)
codex-cred get work --format json
codex-cred get --rejected-sha256 "$(printf %s "$TOKEN" | sha256sum | cut -d ' ' -f 1)"     after a 401
curl -H "Authorization: Bearer $(codex-cred get)" https://chatgpt.com/backend-api/wham/usage`,
		Flags: []cli.Flag{
			formatFlag("token", "json"),
			&cli.DurationFlag{Name: "min-ttl", Usage: "least remaining life of the token, `TIME` such as 5m", DefaultText: "5 minutes or a tenth of its life"},
			boolFlag("refresh", "refresh however fresh the token is"),
			&cli.StringFlag{Name: "rejected-sha256", Usage: "a caller saw the token refused whose SHA-256 is `HEX`: print another one"},
			boolFlag("offline", "never ask the issuer"),
			&cli.DurationFlag{Name: "timeout", Value: 30 * time.Second, Usage: "give up after `TIME`"},
		},
		Action: p.get,
	}
}

func (p *program) get(c *cli.Context) error {
	w, err := p.wire()
	if err != nil {
		return err
	}
	account, err := p.account(c, w)
	if err != nil {
		return err
	}
	req := helper.Request{Account: account, Refresh: c.Bool("refresh"), Offline: c.Bool("offline")}
	if req.Rejected, err = digestFlag(c, "rejected-sha256"); err != nil {
		return err
	}
	if req.MinTTL, err = p.duration(c, "min-ttl", "CODEX_CRED_MIN_TTL"); err != nil {
		return err
	}
	timeout, err := p.duration(c, "timeout", "CODEX_CRED_TIMEOUT")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, timeout)
	defer cancel()
	answer, err := p.helper(w).Get(ctx, req)
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	return errors.Join(p.give(c.String("format"), account, answer), err)
}

// digestFlag returns the flag's value, the SHA-256 of something in lower-case
// hexadecimal, or nothing. A token in its place is not shown.
func digestFlag(c *cli.Context, flag string) (string, error) {
	value := strings.ToLower(c.String(flag))
	if b, err := hex.DecodeString(value); c.IsSet(flag) && (err != nil || len(b) != sha256.Size) {
		return "", usageError("--%s takes the 64 hexadecimal digits of a SHA-256", flag)
	}
	return value, nil
}

func (p *program) give(format, account string, answer helper.Answer) error {
	if answer.Warning != nil {
		p.warn("warning: %s", oneLine(helper.ForAccount(account, answer.Warning).Error()))
	}
	if format == "json" {
		return p.printAnswer(answer)
	}
	return write(p.stdout, answer.Credential.AccessToken.Reveal()+"\n")
}

func (p *program) printAnswer(a helper.Answer) error {
	return writeJSON(p.stdout, struct {
		SchemaVersion int       `json:"schema_version"`
		Account       string    `json:"account"`
		AccessToken   string    `json:"access_token"`
		TokenType     string    `json:"token_type"`
		Expiry        time.Time `json:"expiry"`
		AccountID     string    `json:"account_id,omitempty"`
		Issuer        string    `json:"issuer"`
	}{
		schemaVersion, a.Account.Name, a.Credential.AccessToken.Reveal(), "Bearer",
		a.Credential.Expiry.Truncate(time.Second), a.Credential.Identity.AccountID, a.Credential.Issuer.URL,
	})
}
