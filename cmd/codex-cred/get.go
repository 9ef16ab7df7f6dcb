package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
	"github.com/codex-cred/codex-cred/helper/wire/output"
)

func (p *program) getCommand() *cli.Command {
	return &cli.Command{
		Name:      getName,
		Usage:     "print a fresh access token",
		UsageText: "codex-cred get [ACCOUNT] [flags]",
		Description: `TOKEN=$(codex-cred get)
codex-cred get work --format json
codex-cred get -f curl |
  curl -K - https://chatgpt.com/backend-api/wham/usage
eval "$(codex-cred get -f env)"
codex-cred get --rejected-sha256 \
  "$(printf %s "$TOKEN" | sha256sum | cut -d ' ' -f 1)"  # after a 401`,
		Flags: append([]cli.Flag{
			formatFlag(getFormats()...),
			shellFlag(),
			boolFlag("refresh", "refresh however fresh the token is"),
			forceFlag("with --refresh, "),
			&cli.StringFlag{
				Name:  rejectedFlag,
				Usage: "a caller saw the token refused whose SHA-256 is `HEX`: print another one",
			},
			boolFlag("offline", "never ask the issuer"),
		}, askFlags()...),
		Action: func(c *cli.Context) error { return p.get(c.Context, lineOf(c)) },
	}
}

// shellFlag returns --shell, the shell that evaluates the format env.
func shellFlag() *choice {
	return choiceFlag(&cli.StringFlag{Name: "shell", Usage: "the `SHELL` that evaluates the format env"}, shells()...)
}

const getName = "get"

// rejectedFlag is the flag for a token that a server refused.
const rejectedFlag = "rejected-sha256"

// getFormats returns the formats of get. The first is the default.
func getFormats() []string {
	return []string{"token", "json", "header", "headers-json", "env", "curl"}
}

// shells returns the shells that the format env supports. The first is the
// default.
func shells() []string {
	return []string{output.ShellPOSIX, output.ShellFish, output.ShellPowerShell}
}

func (p *program) get(ctx context.Context, line tokenLine) error {
	if line.force && !line.refresh {
		return fault.UsageHint("--force goes with --refresh", "see: codex-cred get --help")
	}
	req := helper.Request{Refresh: line.refresh, Force: line.force, Offline: line.offline}
	var err error
	if req.Rejected, err = line.rejectedDigest(); err != nil {
		return err
	}
	answer, err := p.ask(ctx, line, req)
	if errors.Is(err, helper.ErrUnanswered) {
		if err = p.agree(ctx, answer, err,
			"codex-cred get"+fault.AsArgument(fault.AccountOf(err))+" --refresh --force"); err != nil {
			return err
		}
		req.Force = true
		answer, err = p.ask(ctx, line, req)
	}
	if err != nil && !errors.Is(err, helper.ErrNotStored) {
		return err
	}
	return errors.Join(p.give(line, answer), err)
}

// rejectedDigest returns the flag's value, a SHA-256 in lower-case hexadecimal,
// or an empty string. Its error does not show the value, which may be a token.
func (l tokenLine) rejectedDigest() (string, error) {
	value := strings.ToLower(l.rejected)
	if b, err := hex.DecodeString(value); l.isRejectedSet && (err != nil || len(b) != sha256.Size) {
		return "", fault.Usage("--%s takes the 64 hexadecimal digits of a SHA-256", rejectedFlag)
	}
	return value, nil
}

func (p *program) give(line tokenLine, answer helper.Answer) error {
	token := wire.BareToken(answer.Credential)
	switch line.format {
	case "json":
		return p.printAnswer(answer)
	case "header":
		return output.Header(p.Out, token)
	case "headers-json":
		return output.HeadersJSON(p.Out, tokenOf(answer))
	case "env":
		return output.Env(p.Out, line.shell, token)
	case "curl":
		return output.Curl(p.Out, tokenOf(answer))
	}
	return output.Token(p.Out, token)
}

func (p *program) printAnswer(a helper.Answer) error {
	var headers map[string]string
	for _, h := range tokenOf(a).Headers {
		if headers == nil {
			headers = map[string]string{}
		}
		headers[h.Name] = h.Value
	}
	return terminal.WriteJSON(p.Out, struct {
		SchemaVersion int               `json:"schema_version"`
		Account       string            `json:"account"`
		AccessToken   string            `json:"access_token"`
		TokenType     string            `json:"token_type"`
		Expiry        time.Time         `json:"expiry"`
		AccountID     string            `json:"account_id,omitempty"`
		Headers       map[string]string `json:"headers,omitempty"`
		Issuer        string            `json:"issuer"`
	}{
		terminal.SchemaVersion, a.Account.Name, a.Credential.AccessToken.Reveal(), "Bearer",
		a.Credential.Expiry.Truncate(time.Second), a.Credential.Identity.AccountID, headers, a.Credential.Issuer.URL,
	})
}
