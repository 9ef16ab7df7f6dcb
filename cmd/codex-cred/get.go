package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire/output"
)

func (p *program) getCommand() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print a fresh access token",
		UsageText: "codex-cred get [ACCOUNT] [flags]",
		Description: `TOKEN=$(codex-cred get)
codex-cred get work --format json
codex-cred get -f curl | curl -K - https://chatgpt.com/backend-api/wham/usage
eval "$(codex-cred get -f env)"
codex-cred get --rejected-sha256 "$(printf %s "$TOKEN" | sha256sum | cut -d ' ' -f 1)"     after a 401`,
		Flags: append([]cli.Flag{
			formatFlag("token", "json", "header", "headers-json", "env", "curl"),
			shellFlag(),
			boolFlag("refresh", "refresh however fresh the token is"),
			&cli.StringFlag{Name: "rejected-sha256", Usage: "a caller saw the token refused whose SHA-256 is `HEX`: print another one"},
			boolFlag("offline", "never ask the issuer"),
		}, askFlags()...),
		Action: p.get,
	}
}

// shellFlag offers the shells that the format env is for.
func shellFlag() *cli.StringFlag {
	return choiceFlag(&cli.StringFlag{Name: "shell", Usage: "the `SHELL` that evaluates the format env"},
		output.ShellPOSIX, output.ShellFish, output.ShellPowerShell)
}

func (p *program) get(c *cli.Context) error {
	req := helper.Request{Refresh: c.Bool("refresh"), Offline: c.Bool("offline")}
	var err error
	if req.Rejected, err = digestFlag(c, "rejected-sha256"); err != nil {
		return err
	}
	answer, err := p.ask(c, req)
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	return errors.Join(p.give(c, answer), err)
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

func (p *program) give(c *cli.Context, answer helper.Answer) error {
	token := tokenOf(answer)
	switch c.String("format") {
	case "json":
		return p.printAnswer(answer)
	case "header":
		return output.Header(p.stdout, token)
	case "headers-json":
		return output.HeadersJSON(p.stdout, token)
	case "env":
		return output.Env(p.stdout, c.String("shell"), token)
	case "curl":
		return output.Curl(p.stdout, token)
	}
	return output.Token(p.stdout, token)
}

func (p *program) printAnswer(a helper.Answer) error {
	var headers map[string]string
	for _, h := range tokenOf(a).Headers {
		if headers == nil {
			headers = map[string]string{}
		}
		headers[h.Name] = h.Value
	}
	return writeJSON(p.stdout, struct {
		SchemaVersion int               `json:"schema_version"`
		Account       string            `json:"account"`
		AccessToken   string            `json:"access_token"`
		TokenType     string            `json:"token_type"`
		Expiry        time.Time         `json:"expiry"`
		AccountID     string            `json:"account_id,omitempty"`
		Headers       map[string]string `json:"headers,omitempty"`
		Issuer        string            `json:"issuer"`
	}{
		schemaVersion, a.Account.Name, a.Credential.AccessToken.Reveal(), "Bearer",
		a.Credential.Expiry.Truncate(time.Second), a.Credential.Identity.AccountID, headers, a.Credential.Issuer.URL,
	})
}
