package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/fault"
	"github.com/codex-cred/codex-cred/cmd/codex-cred/internal/terminal"
	"github.com/codex-cred/codex-cred/helper"
	"github.com/codex-cred/codex-cred/helper/wire"
)

// chatGPT is the only host for which the tokens of ChatGPT accounts are meant.
const chatGPT = "chatgpt.com"

// target is the URL to which the client will send tokens, or nothing while no
// host is named.
func (s *setup) target(c client) string {
	switch {
	case s.Host != "":
		return "https://" + s.Host
	case s.BaseURL != "":
		return s.BaseURL
	}
	return c.home
}

// checkTarget keeps tokens for ChatGPT from other hosts, unless a person wants it.
func (s *setup) checkTarget(ctx context.Context, c client, allowForeign bool) error {
	target := s.target(c)
	host, _ := wire.ParseHost(target) // what is no address of a host is not ChatGPT's
	if target == "" || host.ChatGPT() || allowForeign {
		return nil
	}
	rec, err := s.Records.Read(ctx, s.Account)
	if err != nil {
		return helper.ForAccount(s.Account, err)
	}
	if !wire.Foreign(host, rec.Credential) {
		return nil
	}
	what := fmt.Errorf(
		"set up %s: its requests, with a token that is for ChatGPT, would go to %s", c.name, terminal.Sanitize(target),
	)
	return helper.ForAccount(s.Account, fault.WithHint(what, "if you trust that host with it, add --allow-foreign-host"))
}

// checkURL wants an address to which tokens may go, and nothing in it that does not
// belong into a config file.
func checkURL(text string) error {
	if _, err := wire.ParseHost(text); err != nil {
		return fault.UsageHint("--base-url: "+err.Error(), "give it as https://gateway.example.com/v1")
	}
	if !strings.Contains(text, "://") || strings.ContainsAny(text, "\"\\'") {
		return fault.Usage("--base-url takes a URL such as https://gateway.example.com/v1")
	}
	return nil
}

// checkHost wants a name or an address, perhaps with a port, as the configs of
// clients have it.
func checkHost(text string) error {
	host, err := wire.ParseHost("https://" + text)
	if err == nil && host.Address() != text {
		err = fmt.Errorf("it is to be written as %s", host.Address())
	}
	if err != nil {
		return fault.UsageHint("--host: "+err.Error(), "give it as gateway.example.com or gateway.example.com:8443")
	}
	return nil
}
